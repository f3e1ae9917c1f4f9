import assert from "node:assert/strict";
import { test } from "node:test";
import { clipsOf, firstDifference, framesWithNext, parseSeeds, planned, promptOf, withPrompt, withSeed } from "../src/clip_plan.mjs";
import { lengthened } from "../src/longer_path.mjs";
import { cameraPath, formatKeyframes, keyframe, parseKeyframes } from "../src/path.mjs";

const START = { w2c: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], intrinsics: [0.8, 1.2, 0.5, 0.5] };
const SETTINGS = { angle: 20, distance: 0.3, easing: "smooth", base_motion: "orbit", turns: 1, close_loop: "off", closing_frames: 8, units: "depth" };

test("prompts are lines, the last one repeated, and one is changed alone", () => {
    assert.equal(promptOf("a\n\n b \n", 5), "b");
    assert.equal(withPrompt("a", 3, 2, "b\nc"), "a\nb c\na");
    assert.equal(withPrompt("a\nb", 4, 2, "a"), "a\na\nb");
    assert.equal(withPrompt("a\nb", 2, 2, "a"), "a");
});

test("seeds of clips are lines, and go where they say what the widget says", () => {
    assert.deepEqual([...parseSeeds("3: 17\nx\n 4 : 5 ")], [[3, "17"], [4, "5"]]); // prettier-ignore
    assert.equal(withSeed("3: 17", 2, 18446744073709551615n, 0), "2: 18446744073709551615\n3: 17");
    assert.equal(withSeed("2: 1\n3: 17", 3, "0", 0), "2: 1");
});

test("clips of a path, and the one that comes next", () => {
    assert.deepEqual(clipsOf(45, 25, 16).map(({ from, to, whole }) => [from, to, whole]), [[0, 25, true], [25, 41, true], [41, 45, false]]); // prettier-ignore
    assert.equal(framesWithNext(41, 25, 16), 57);
    assert.equal(framesWithNext(45, 25, 16), 73);
    assert.equal(framesWithNext(25, 25, 16), 41);
});

test("what is made, made again and new", () => {
    const state = { ...SETTINGS, preset: "truck", frames: 41 };
    const path = cameraPath(state, START, START, 1);
    const made = new Map([1, 2].map((number) => [number, { prompt: "a", seed: "7", frames: number === 1 ? 24 : 16 }]));
    const last = { path, clips: [{ number: 1, line: 1, from: 0, to: 25 }, { number: 2, line: 2, from: 25, to: 41 }] }; // prettier-ignore
    const given = { clips: clipsOf(57, 25, 16), prompts: "a", seeds: "", seed: 7, made, last, path: [...path, ...path.slice(0, 16)] };
    const states = (change) => planned({ ...given, ...change }).map((clip) => clip.state);
    assert.deepEqual(states({}), ["made", "made", "new"]);
    assert.deepEqual(states({ last: null }), ["made", "made", "new"]);
    assert.deepEqual(states({ prompts: "a\nb" }), ["made", "again", "new"]);
    assert.deepEqual(states({ seeds: "1: 8" }), ["again", "again", "new"]);
    const moved = structuredClone(given.path);
    moved[30].w2c[3] += 0.01;
    assert.equal(firstDifference(moved, path), 30);
    assert.deepEqual(states({ path: moved }), ["made", "again", "new"]);
});

const paths = {
    preset: { preset: "out_and_back", keyframes: [keyframe({ frame: 0 })], frames: 25 },
    keyframes: {
        preset: "keyframes",
        keyframes: [keyframe({ frame: 0 }), keyframe({ frame: 9, right: 0.1, yaw: 12 }), keyframe({ frame: 24, right: 0.3, up: 0.1, easing: "smooth" })],
        frames: 25,
    },
    held: { preset: "keyframes", keyframes: [keyframe({ frame: 0 }), keyframe({ frame: 9, right: 0.1, yaw: 12 })], frames: 25 },
    still: { preset: "keyframes", keyframes: [keyframe({ frame: 0 })], frames: 25 },
    closed: { preset: "keyframes", keyframes: [keyframe({ frame: 0 }), keyframe({ frame: 20, right: 0.2 })], frames: 25, close_loop: "blend" },
};

for (const [name, given] of Object.entries(paths)) {
    test(`a path is made longer, twice, and no frame of it moves: ${name}`, () => {
        let state = { ...SETTINGS, ...structuredClone(given) };
        let path = cameraPath(state, START, START, 1);
        for (const frames of [41, 57]) {
            const longer = lengthened(state, path, frames, START, 1);
            // A keyframe at the new end, which the user moves.
            longer.keyframes.push(keyframe({ frame: frames - 1, right: -0.4, up: 0.3, yaw: 40 }));
            longer.keyframes = parseKeyframes(formatKeyframes("depth", longer.keyframes)).keyframes;
            const next = cameraPath(longer, START, START, 1);
            assert.equal(next.length, frames);
            path.forEach((camera, frame) => {
                for (const [i, value] of camera.w2c.entries()) assert.ok(Math.abs(value - next[frame].w2c[i]) < 1e-10, `frame ${frame}`);
            });
            [state, path] = [longer, next];
        }
        // Held: made longer without a keyframe, then moved.
        const held = lengthened(state, path, 73, START, 1);
        const still = cameraPath(held, START, START, 1);
        const again = lengthened(held, still, 89, START, 1);
        again.keyframes.push(keyframe({ frame: 88, forward: 1, yaw: 40 }));
        assert.ok(firstDifference(cameraPath(again, START, START, 1), still) === 73);
    });
}
