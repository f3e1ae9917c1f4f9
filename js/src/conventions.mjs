// Between our cameras (OpenCV: x right, y down, z forward; normalised intrinsics [fx fy cx cy]) and three.js (y up,
// the camera looks down -z). The world is turned half round its x axis, once, here; three.js sees it upright.
import { IDENTITY, multiply } from "./matrix.mjs";

export const FLIP = Object.freeze([1, 0, 0, 0, 0, -1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1]);

/** three.js camera-to-world (row-major) of an OpenCV camera-to-world pose; the same map leads back. */
export const cvToThree = (c2w) => multiply(multiply(FLIP, c2w), FLIP);
export const threeToCv = cvToThree;

/** Row-major array of a THREE.Matrix4's elements, which are column-major; its own inverse. */
export const transposed = (m) => IDENTITY.map((_, i) => m[4 * (i % 4) + Math.floor(i / 4)]);

/** Where an image of this aspect (width / height) lies in a container, as large as fits, centred: pixels. */
export function imageRectangle(aspect, width, height) {
    const w = Math.min(width, height * aspect);
    const h = w / aspect;
    return { left: (width - w) / 2, top: (height - h) / 2, width: w, height: h };
}

/**
 * Projection (row-major 4x4, OpenGL clip space) that draws an image's camera into a container, so that the image
 * fills `imageRectangle` and what lies beside it is seen around.
 * @param {number[]} intrinsics normalised [fx, fy, cx, cy]
 */
export function projectionOf([fx, fy, cx, cy], aspect, width, height, near, far) {
    const image = imageRectangle(aspect, width, height);
    const shiftX = (2 * (cx * image.width + image.left)) / width - 1;
    const shiftY = 1 - (2 * (cy * image.height + image.top)) / height;
    return [
        (2 * fx * image.width) / width, 0, -shiftX, 0,
        0, (2 * fy * image.height) / height, -shiftY, 0,
        0, 0, -(far + near) / (far - near), (-2 * far * near) / (far - near),
        0, 0, -1, 0,
    ]; // prettier-ignore
}

/** Horizontal field of view in degrees of a normalised focal length, and back. */
export const fovOf = (fx) => (2 * Math.atan(0.5 / fx) * 180) / Math.PI;
export const focalOf = (fov) => 0.5 / Math.tan((fov * Math.PI) / 360);
