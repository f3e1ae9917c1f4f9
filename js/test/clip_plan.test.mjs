import assert from "node:assert/strict";
import { test } from "node:test";
import { clipsOf, firstDifference, framesWithNext, parseSeeds, planned, promptOf, widgetsOf, withPrompt, withSeed } from "../src/clip_plan.mjs";
import { cutAfter, lengthened } from "../src/longer_path.mjs";
import { MadeClips } from "../src/made_clips.mjs";
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

/** A world: image i, clips a1 and a2 on main; another second clip b2, and a take c1 of the first, on branches. */
function world(path) {
    const clip = (id, parent, number, values) => ({ id, parent, number, prompt: "a", seed: "7", frames: number === 1 ? 24 : 16, path: path && "p", ...values });
    return new MadeClips({
        world: "w", branches: { main: "a2", "main 2": "b2", "main 3": "c1" }, chain: ["i", "a1", "a2"], paths: { p: path },
        clips: [
            clip("i", null, 0, { frames: 1, prompt: "", seed: null }), clip("a1", "i", 1), clip("c1", "i", 1, { seed: "8" }),
            clip("a2", "a1", 2), clip("b2", "a1", 2, { prompt: "b" }),
        ],
    }); // prettier-ignore
}

const truck = cameraPath({ ...SETTINGS, preset: "truck", frames: 41 }, START, START, 1);
const reported = { path: truck, clips: [{ number: 1, line: 1, from: 0, to: 25 }, { number: 2, line: 2, from: 25, to: 41 }] }; // prettier-ignore
const given = {
    clips: clipsOf(57, 25, 16), prompts: "a", seeds: "", seed: 7, tree: world(), base: 1, filmed: () => null, last: reported,
    path: [...truck, ...truck.slice(0, 16)], otherwise: () => [],
}; // prettier-ignore
const states = (change) => planned({ ...given, ...change }).map((clip) => clip.state);
const moved = structuredClone(given.path);
moved[30].w2c[3] += 0.01;

test("what is made, made again and new, by what the last run said", () => {
    assert.deepEqual(states({}), ["made", "made", "new"]);
    assert.deepEqual(states({ last: null }), ["made", "made", "new"]);
    assert.deepEqual(states({ prompts: "a\nc" }), ["made", "again", "new"]);
    assert.deepEqual(states({ seeds: "1: 9" }), ["again", "again", "new"]);
    assert.equal(firstDifference(moved, truck), 30);
    assert.deepEqual(states({ path: moved }), ["made", "again", "new"]);
    assert.deepEqual(states({ tree: new MadeClips(null) }), ["new", "new", "new"]);
});

test("takes and branches are found in the world, along the path that they were made along", () => {
    const known = { last: null, tree: world("truck"), filmed: (clip) => (clip.number ? truck : null) };
    const ids = (change) => planned({ ...given, ...known, ...change }).map((clip) => clip.state === "made" && clip.known.id);
    assert.deepEqual(ids({}), ["a1", "a2", false]);
    assert.deepEqual(ids({ prompts: "a\nb" }), ["a1", "b2", false]);
    assert.deepEqual(ids({ seeds: "1: 8" }), ["c1", false, false]);
    assert.deepEqual(ids({ path: moved }), ["a1", false, false]);
    // Made along another path, whatever the last run said.
    assert.deepEqual(ids({ last: reported, filmed: () => moved }), ["a1", false, false]);
    // A path that goes on from the first clip of a world: its first frame is there already.
    const on = { base: 2, clips: clipsOf(17, 17, 16), path: truck.slice(0, 17) };
    assert.deepEqual(ids(on), ["a2"]);
    assert.deepEqual(ids({ ...on, prompts: "b" }), ["b2"]);
});

test("a world's clips as a tree", () => {
    const tree = world("truck");
    const ids = (clips) => clips.map((clip) => clip.id);
    assert.deepEqual(ids(tree.branch("main 2")), ["i", "a1", "b2"]);
    assert.deepEqual(ids(tree.takesOf(tree.byId.get("a2"))), ["a2", "b2"]);
    assert.deepEqual(ids(tree.takesOf(tree.byId.get("i"))), ["i"]);
    assert.deepEqual([tree.pathOf(tree.byId.get("a2")), tree.branch("none"), new MadeClips(null).following(null)], ["truck", [], []]);
    assert.deepEqual(widgetsOf(tree.branch("main 2").slice(1), 7), { prompts: "a\nb", clip_seeds: "" });
    assert.deepEqual(widgetsOf(tree.branch("main 3").slice(1), 7), { prompts: "a", clip_seeds: "1: 8" });
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

for (const [name, settings] of Object.entries(paths)) {
    test(`a path is made longer, twice, and no frame of it moves: ${name}`, () => {
        let state = { ...SETTINGS, ...structuredClone(settings) };
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

for (const [name, settings] of Object.entries(paths)) {
    test(`a path ends earlier, and no frame of it moves: ${name}`, () => {
        const state = { ...SETTINGS, ...structuredClone(settings) };
        const path = cameraPath(state, START, START, 1);
        for (const frames of [1, 2, 17, 25]) {
            const cut = cutAfter(state, path, frames, START, 1);
            const kept = cameraPath({ ...cut, ...parseKeyframes(formatKeyframes("depth", cut.keyframes)) }, START, START, 1);
            assert.equal(kept.length, frames);
            assert.equal(firstDifference(kept, path), frames);
        }
        // A clip that Next clip added goes again, with its keyframes alone.
        const longer = lengthened(state, path, 41, START, 1);
        const cut = cutAfter(longer, cameraPath(longer, START, START, 1), 25, START, 1);
        if (name === "keyframes") assert.deepEqual(cut.keyframes, state.keyframes);
    });
}

test("a clip made with other values is made again", () => {
    const unlike = (clip) => (clip.number === 2 ? ["steps"] : []);
    const plan = planned({ ...given, otherwise: unlike });
    assert.deepEqual(plan.map((clip) => [clip.state, clip.otherwise]), [["made", []], ["again", ["steps"]], ["new", []]]); // prettier-ignore
    // Of another image, or another model before it, nothing is read.
    const begun = planned({ ...given, otherwise: (clip) => (clip.number ? [] : ["image"]) });
    assert.deepEqual(begun.map((clip) => clip.otherwise), [["image"], ["image"], []]); // prettier-ignore
    // On a world that is connected, the image is no part of it.
    const on = planned({ ...given, base: 2, clips: clipsOf(17, 17, 16), path: truck.slice(0, 17), last: null, filmed: (clip) => (clip.number ? truck : null), tree: world("truck"), otherwise: (clip) => (clip.number ? [] : ["image"]) }); // prettier-ignore
    assert.deepEqual(on.map((clip) => clip.state), ["made"]); // prettier-ignore
});
