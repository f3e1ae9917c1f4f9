import assert from "node:assert/strict";
import { test } from "node:test";
import { clipRounds } from "../src/clips.mjs";
import { roundStarts } from "../src/path.mjs";

const starts = (frames, ...clips) => {
    const { first, later } = clipRounds(...clips);
    return roundStarts(frames, first, later);
};

test("later clips repeat frames of the one before", () => {
    // The ends of Python's clip_windows(266, 121, 81) and clip_windows(40, 13, 17), but for the last.
    assert.deepEqual(starts(266, 121, 81, 9, false), [121, 193, 265]);
    assert.deepEqual(starts(40, 13, 17, 9, false), [13, 21, 29, 37]);
    assert.deepEqual(starts(40, 13, 17, 5, false), [13, 25, 37]);
    assert.deepEqual(starts(40, 13, 17, 1, false), [13, 29]);
});

test("a path that goes on from a video begins with a later clip", () => {
    // Its first pose is the video's last frame.
    assert.deepEqual(starts(146, 121, 81, 9, true), [73, 145]);
    assert.deepEqual(starts(9, 121, 17, 9, true), []);
    assert.deepEqual(starts(10, 121, 17, 9, true), [9]);
});

test("clips that add nothing end no path", () => {
    for (const later of [9, 5, 1, 0, -7]) {
        assert.deepEqual(starts(500, 121, later, 9, false), [121]);
        assert.deepEqual(starts(500, 121, later, 9, true), []);
    }
});
