import assert from "node:assert/strict";
import { test } from "node:test";
import { cvToThree, focalOf, fovOf, imageRectangle, projectionOf, threeToCv, transposed } from "../src/conventions.mjs";
import { IDENTITY, invertPose, multiply, pose, slerp, quaternionOf, rotationOf, turnBetween, yawPitchRoll } from "../src/matrix.mjs";
import { difference } from "./vectors.mjs";

/** Pixel (u, v) and depth of a world point, in an image of width x height. */
function projectPoint(w2c, [fx, fy, cx, cy], point, width, height) {
    const [x, y, z] = [0, 4, 8].map((r) => w2c[r] * point[0] + w2c[r + 1] * point[1] + w2c[r + 2] * point[2] + w2c[r + 3]);
    return { u: ((fx * x) / z + cx) * width, v: ((fy * y) / z + cy) * height, z };
}

const c2w = pose(yawPitchRoll(25, -40, 10), [0.4, -1.2, 3]);

test("the start camera looks down -z, y up", () => {
    assert.deepEqual(
        cvToThree(IDENTITY).map((v) => v + 0),
        [...IDENTITY],
    );
    // One unit forward and up for us is towards -z and +y there.
    const [x, y, z] = [3, 7, 11].map((i) => cvToThree(pose([1, 0, 0, 0, 1, 0, 0, 0, 1], [0.5, -1, 2]))[i]);
    assert.deepEqual([x, y, z], [0.5, 1, -2]);
});

test("there and back", () => {
    assert.ok(difference(threeToCv(cvToThree(c2w)), c2w) < 1e-15);
    assert.deepEqual(transposed(transposed(c2w)), c2w);
    assert.ok(difference(multiply(c2w, invertPose(c2w)), [...IDENTITY]) < 1e-12);
});

test("three.js draws a point where the intrinsics put it", () => {
    const intrinsics = [0.8, 1.4, 0.47, 0.56];
    const [width, height, aspect] = [900, 700, 1.6];
    const area = imageRectangle(aspect, width, height);
    assert.ok(Math.abs(area.width / area.height - aspect) < 1e-12 && area.width <= width && area.height <= height);
    const P = projectionOf(intrinsics, aspect, width, height, 0.1, 100);
    for (const point of [
        [0.2, -0.7, 6],
        [1, 0.4, 9],
        [-2, 1, 7],
    ]) {
        const { u, v, z } = projectPoint(invertPose(c2w), intrinsics, point, area.width, area.height);
        // The same through three.js's matrices: world turned upright, camera inverse, clip space, viewport.
        const upright = [point[0], -point[1], -point[2], 1];
        const apply = (m, p) => [0, 4, 8, 12].map((r) => m[r] * p[0] + m[r + 1] * p[1] + m[r + 2] * p[2] + m[r + 3] * p[3]);
        const clip = apply(P, apply(invertPose(cvToThree(c2w)), upright));
        const x = ((clip[0] / clip[3] + 1) / 2) * width - area.left;
        const y = ((1 - clip[1] / clip[3]) / 2) * height - area.top;
        assert.ok(z > 0 && Math.abs(x - u) < 1e-9 && Math.abs(y - v) < 1e-9, `${x} ${u} ${y} ${v}`);
        assert.ok(Math.abs(clip[3] - z) < 1e-12 && clip[2] / clip[3] > -1 && clip[2] / clip[3] < 1);
    }
});

test("field of view and focal length", () => {
    assert.ok(Math.abs(fovOf(focalOf(70)) - 70) < 1e-12);
    assert.ok(Math.abs(focalOf(90) - 0.5) < 1e-12);
});

test("slerp keeps its speed and takes the short way", () => {
    const [a, b] = [quaternionOf(yawPitchRoll(0, 0, 0)), quaternionOf(yawPitchRoll(90, 0, 0))];
    const third = rotationOf(slerp(a, b.map((v) => -v), 1 / 3)); // prettier-ignore
    assert.ok(difference(third, yawPitchRoll(30, 0, 0)) < 1e-12);
    const place = (R) => pose(R, [0, 0, 0]);
    assert.ok(Math.abs(turnBetween(place(yawPitchRoll(10, 0, 0)), place(yawPitchRoll(-15, 0, 0))) - 25) < 1e-9);
    for (const angles of [
        [180, 0, 0],
        [0, 180, 0],
        [0, 0, 180],
        [120, 40, 160],
    ]) {
        assert.ok(difference(rotationOf(quaternionOf(yawPitchRoll(...angles))), yawPitchRoll(...angles)) < 1e-12);
    }
});
