// Where a camera's picture lies before it, as it is drawn.
import { invertPose, position, transformPoint } from "./matrix.mjs";

/** Corners (world) of a camera's image at a distance, and its centre. */
export function frustumCorners(camera, reach) {
    const [fx, fy, cx, cy] = camera.intrinsics;
    const c2w = invertPose(camera.w2c);
    const corner = (u, v) => transformPoint(c2w, [((u - cx) / fx) * reach, ((v - cy) / fy) * reach, reach]);
    return { centre: position(c2w), corners: [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)] };
}
