import assert from "node:assert/strict";
import { test } from "node:test";
import { flightPoses, moving } from "../src/flight.mjs";
import { IDENTITY, distance, invertPose, pose, position, turnBetween, yawPitchRoll } from "../src/matrix.mjs";
import { keyframe, keyframePath, keyframesOf } from "../src/path.mjs";

const FPS = 24;
const DEPTH = 2;
const TOLERANCE = 0.01 * DEPTH;
const TURN = (0.75 * Math.PI) / 180;
const START = { w2c: [...IDENTITY], intrinsics: [0.9, 1.2, 0.5, 0.5] };

/** Samples of a motion at the uneven moments at which a page draws. at(time): [place, [yaw, pitch, roll]]. */
function recorded(seconds, at, shake = 0) {
    const samples = [];
    let state = 7;
    const random = () => (state = (state * 16807) % 2147483647) / 2147483647 - 0.5;
    for (let time = 0; time < seconds; time += 0.012 + 0.01 * (random() + 0.5)) {
        const [place, angles] = at(time);
        samples.push({
            time,
            c2w: pose(
                yawPitchRoll(...angles),
                place.map((v) => v + shake * random()),
            ),
        });
    }
    return samples;
}

function fitted(poses) {
    const path = poses.map((c2w) => ({ w2c: invertPose(c2w), intrinsics: START.intrinsics }));
    const keyframes = keyframesOf(path, START, "depth", DEPTH, { tolerance: TOLERANCE, turn: TURN, limit: 64, kept: [keyframe({ frame: 0 })] });
    const drawn = keyframePath("depth", keyframes, START, poses.length, DEPTH).map(({ w2c }) => invertPose(w2c));
    return {
        keyframes,
        far: Math.max(...drawn.map((c2w, i) => distance(position(c2w), position(poses[i])))),
        turned: Math.max(...drawn.map((c2w, i) => turnBetween(c2w, poses[i]))),
    };
}

test("a straight flight is two keyframes", () => {
    const poses = flightPoses(
        recorded(2, (t) => [
            [0.3 * t, 0, 0.5 * t],
            [0, 0, 0],
        ]),
        FPS,
    );
    const { keyframes, far } = fitted(poses);
    assert.equal(keyframes.length, 2);
    assert.ok(far < TOLERANCE && Math.abs(poses.length - 2 * FPS) <= 2);
});

test("an arc flown while looking about stays within tolerance", () => {
    const arc = (t) => [
        [Math.sin(t), 0.1 * t, 1 - Math.cos(t)],
        [-50 * t, 10 * Math.sin(2 * t), 0],
    ];
    const { keyframes, far, turned } = fitted(flightPoses(recorded(3, arc), FPS));
    assert.ok(far <= TOLERANCE && turned <= 0.75 + 1e-9, `${far} ${turned}`);
    assert.ok(keyframes.length > 3 && keyframes.length < 24, `${keyframes.length} keyframes`);
});

test("a hand's shaking is smoothed, the way is kept", () => {
    const straight = (t) => [
        [0, 0, 0.5 * t],
        [0, 0, 0],
    ];
    const poses = flightPoses(recorded(2, straight, 0.02), FPS, [...IDENTITY]);
    const inner = poses.slice(FPS / 2, -FPS / 2);
    const off = inner.map((c2w) => Math.hypot(c2w[3], c2w[7]));
    assert.ok(Math.max(...off) < 0.006, `${Math.max(...off)}`);
    assert.ok(Math.abs(position(poses.at(-1))[2] - 1) < 0.05);
    assert.ok(fitted(poses).keyframes.length <= 4);
});

test("it begins at the pose it is told, even where the free camera stood level beside it", () => {
    const from = pose(yawPitchRoll(0, 0, 12), [0, 0, 0]);
    const poses = flightPoses(
        recorded(2, (t) => [
            [0, 0, 0.5 * t],
            [0, 0, 0],
        ]),
        FPS,
        from,
    );
    assert.deepEqual(poses[0], from);
    for (let i = 1; i < poses.length; i++) assert.ok(turnBetween(poses[i - 1], poses[i]) < 1.5, `${i}`);
    assert.ok(turnBetween(poses.at(-1), [...IDENTITY]) < 1e-6);
});

test("the still ends of a recording are cut off, and one that never moved is none", () => {
    const late = (t) => [
        [0, 0, Math.max(0, Math.min(t, 2) - 1)],
        [0, 0, 0],
    ];
    const kept = moving(recorded(3, late), DEPTH);
    assert.ok(kept[0].time > 0.9 && kept.at(-1).time < 2.1);
    assert.deepEqual(
        moving(
            recorded(1, () => [
                [0, 0, 0],
                [0, 0, 0],
            ]),
            DEPTH,
        ),
        [],
    );
});

test("keyframes of the path so far stay as they are", () => {
    const kept = [keyframe({ frame: 0 }), keyframe({ frame: 10, right: 0.2, yaw: 15 }), keyframe({ frame: 20, forward: 0.4, easing: "smooth" })];
    const before = keyframePath("depth", kept, START, 21, DEPTH);
    const last = invertPose(before.at(-1).w2c);
    const flown = Array.from({ length: 40 }, (_, i) =>
        pose(
            [0, 1, 2, 3, 4, 5, 6, 7, 8].map((k) => last[[0, 1, 2, 4, 5, 6, 8, 9, 10][k]]),
            [last[3] + 0.3 * Math.sin((i + 1) / 12), last[7], last[11] + 0.02 * (i + 1)],
        ),
    );
    const path = [...before, ...flown.map((c2w) => ({ w2c: invertPose(c2w), intrinsics: START.intrinsics }))];
    const keyframes = keyframesOf(path, START, "depth", DEPTH, { tolerance: TOLERANCE, turn: TURN, kept });
    assert.deepEqual(keyframes.slice(0, 3), kept);
    assert.equal(keyframes.at(-1).frame, 60);
    const drawn = keyframePath("depth", keyframes, START, path.length, DEPTH);
    const far = drawn.slice(20).map(({ w2c }, i) => distance(position(invertPose(w2c)), position(invertPose(path[20 + i].w2c))));
    assert.ok(Math.max(...far) <= TOLERANCE);
});
