import assert from "node:assert/strict";
import { test } from "node:test";
import { invertPose, pose, yawPitchRoll } from "../src/matrix.mjs";
import { nearestPose, standNear } from "../src/snapping.mjs";

const LENS = [0.9, 1.2, 0.5, 0.5];
const camera = (at, angles = [0, 0, 0]) => ({ w2c: invertPose(pose(yawPitchRoll(...angles), at)), intrinsics: LENS });
// A viewer above, at 100 pixels per scene unit; what lies below the floor is behind it.
const screen = ([x, y, z]) => (y > 50 ? null : [100 * x, 100 * z]);
const near = (candidates, moved, options = {}) => nearestPose(candidates, moved, screen, { reach: 0.3, turning: false, ...options });

test("a pose within ten pixels is snapped onto, whatever its direction and its height", () => {
    const goal = { camera: camera([1, 2, 1], [170, 0, 0]) };
    assert.equal(near([goal], camera([1.09, 0, 1])), goal);
    assert.equal(near([goal], camera([1.11, 0, 1])), null);
    assert.equal(near([], camera([1, 0, 1])), null);
    assert.ok(standNear(goal.camera, camera([1.09, 0, 1]), screen) && !standNear(goal.camera, camera([1.11, 0, 1]), screen));
});

test("the nearest counts, and of poses at one spot that which looks more the same way, else the first", () => {
    const [a, b, c] = [camera([0, 0, 0], [90, 0, 0]), camera([0, 0, 0], [10, 0, 0]), camera([0.05, 0, 0])].map((one) => ({ camera: one }));
    assert.equal(near([a, b, c], camera([0.04, 0, 0])), c);
    assert.equal(near([a, b, c], camera([0.01, 0, 0])), b);
    assert.equal(near([a, { ...a }], camera([0, 0, 0])), a);
});

test("turned on the spot, the direction must be near too, however far one looks from", () => {
    const goal = { camera: camera([0, 0, 0]) };
    const turned = (yaw) => camera([0, 0, 0], [yaw, 0, 0]);
    assert.equal(near([goal], turned(5), { turning: true }), goal);
    assert.equal(near([goal], turned(9), { turning: true, reach: 1e-6 }), null);
    // Near to, the same angle is many pixels.
    assert.equal(near([goal], turned(5), { turning: true, reach: 3 }), null);
    // Moved, any direction is taken.
    assert.equal(near([goal], turned(90)), goal);
});

test("what is behind the viewer is near to nothing", () => {
    assert.equal(near([{ camera: camera([0, 0, 0]) }], camera([0, 60, 0])), null);
    assert.equal(near([{ camera: camera([0, 60, 0]) }], camera([0, 0, 0])), null);
});
