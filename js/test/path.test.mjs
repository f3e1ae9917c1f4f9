import assert from "node:assert/strict";
import { test } from "node:test";
import { anglesOf, invertPose, multiply, yawPitchRoll } from "../src/matrix.mjs";
import { cameraOf, cameraPath, formatKeyframes, keyframeOf, keyframesOf, parseKeyframes, presetPath, roundStarts, unwound } from "../src/path.mjs";
import { difference, numbers, vectors } from "./vectors.mjs";

for (const { name, settings, text, start, first, depth, path } of vectors.paths) {
    test(`path as Python's: ${name}`, () => {
        const parsed = text === undefined ? {} : parseKeyframes(text);
        const made = cameraPath({ ...settings, ...parsed }, start, first, depth);
        assert.equal(made.length, path.length);
        assert.ok(difference(numbers(made), numbers(path)) < 1e-9, `off by ${difference(numbers(made), numbers(path))}`);
        assert.deepEqual(made[0], path[0]);
        if (settings.close_loop !== "off") assert.deepEqual(made.at(-1), first);
        if (text === undefined) return;
        // Written and read again it is the same path, to the nine digits written.
        const again = cameraPath({ ...settings, ...parseKeyframes(formatKeyframes(parsed.units, parsed.keyframes)) }, start, first, depth);
        assert.ok(difference(numbers(again), numbers(made)) < 1e-6 * Math.max(1, depth));
    });
}

for (const text of vectors.refused) {
    test(`refused as in Python: ${text.slice(0, 60)}`, () => assert.throws(() => parseKeyframes(text)));
}

test("angles of a rotation, and unwound next to a neighbour's", () => {
    for (const angles of [
        [0, 0, 0],
        [30, -50, 170],
        [-179, 89, 3],
        [12, 90, 0],
        [0, -90, 0],
        [170, 10, -170],
    ]) {
        assert.ok(difference(yawPitchRoll(...anglesOf(yawPitchRoll(...angles))), yawPitchRoll(...angles)) < 1e-9, `${angles}`);
    }
    const near = { yaw: 350, pitch: 100, roll: 180 };
    const [yaw, pitch, roll] = anglesOf(yawPitchRoll(355, 95, 178));
    const wound = unwound({ yaw, pitch, roll }, near);
    assert.ok(difference([wound.yaw, wound.pitch, wound.roll], [355, 95, 178]) < 1e-9);
});

test("a keyframe of a camera leads back to the camera", () => {
    const { start } = vectors.paths[0];
    const key = { frame: 7, right: 0.3, up: -0.2, forward: 1.5, yaw: 140, pitch: -30, roll: 15, zoom: 1, fov: 40, easing: "linear" };
    const camera = cameraOf(key, start, 2.5);
    const again = keyframeOf(camera, start, 7, 2.5);
    for (const name of ["right", "up", "forward", "yaw", "pitch", "roll", "fov"]) assert.ok(Math.abs(again[name] - key[name]) < 1e-9, name);
});

test("few keyframes reproduce a preset", () => {
    const { start } = vectors.paths[0];
    const options = { angle: 60, distance: 0.5, depth: 3, easing: "smooth", base_motion: "truck", turns: 1 };
    for (const preset of ["orbit", "spiral", "full_loop", "dolly_zoom", "out_and_back", "static"]) {
        const path = presetPath(preset, start, 121, options);
        const keyframes = keyframesOf(path, start, "depth", 3);
        const drawn = cameraPath({ preset: "keyframes", units: "depth", keyframes, frames: 121, close_loop: "off" }, start, start, 3);
        const far = path.map((camera, i) => difference(multiply(camera.w2c, invertPose(drawn[i].w2c)), [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]));
        const most = ["spiral", "full_loop"].includes(preset) ? 17 : 9; // these turn all the way
        assert.ok(keyframes.length <= most && Math.max(...far) < 0.09, `${preset}: ${keyframes.length} keyframes, off by ${Math.max(...far)}`);
    }
});

test("rounds: 121 frames, then 72 new each", () => {
    assert.deepEqual(roundStarts(121, 121, 72), []);
    assert.deepEqual(roundStarts(265, 121, 72), [121, 193]);
    assert.deepEqual(roundStarts(266, 121, 72), [121, 193, 265]);
});
