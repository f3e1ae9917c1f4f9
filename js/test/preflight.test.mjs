import assert from "node:assert/strict";
import { test } from "node:test";
import { IDENTITY, invertPose, pose, yawPitchRoll } from "../src/matrix.mjs";
import { Occupancy, coarseToFine, groundBelow, sameCamera, warningsOf } from "../src/preflight.mjs";
import { vectors } from "./vectors.mjs";

const intrinsics = [0.8, 1.2, 0.5, 0.5];
const at = (x, y, z, yaw = 0) => ({ w2c: invertPose(pose(yawPitchRoll(yaw, 0, 0), [x, y, z])), intrinsics });

/** A wall at z = 2 and a floor at y = 1, dense for a depth of 2. */
const scene = [];
for (let a = -2; a <= 2; a += 0.02) for (let b = -1; b <= 1; b += 0.02) scene.push(a, b, 2, a, 1, b + 1);
const positions = Float32Array.from(scene);
const occupancy = new Occupancy(positions, 2);

test("a path through a wall is told, one in front of it is not", () => {
    const through = Array.from({ length: 11 }, (_, i) => at(0, 0, 0.3 * i));
    const told = warningsOf(through, { occupancy });
    assert.equal(told.length, 1);
    assert.equal(told[0].kind, "wall");
    assert.ok(told[0].from >= 6 && told[0].to <= 8, JSON.stringify(told));
    assert.deepEqual(warningsOf(through.slice(0, 6), { occupancy }), []);
});

test("turning too fast, leaving the known scene, an open loop", () => {
    const path = [0, 1, 2, 8, 14, 15].map((yaw) => at(0, 0, 0, yaw));
    assert.deepEqual(warningsOf(path), [{ kind: "turn", from: 3, to: 4 }]);
    const unknown = warningsOf(path.slice(0, 3), { coverage: [0.9, 0.1, undefined] });
    assert.deepEqual(unknown, [{ kind: "unknown", from: 1, to: 1 }]);
    const there = [at(0, 0, 0), at(0.1, 0, 0), at(0.02, 0, 0)];
    assert.deepEqual(warningsOf(there, { loop: there[0] }), [{ kind: "open", from: 2, to: 2 }]);
    assert.deepEqual(warningsOf([...there, at(0, 0, 0)], { loop: there[0] }), []);
    const away = [at(0, 0, 0), at(0.1, 0, 0), at(0.14, 0, 0)];
    assert.deepEqual(warningsOf(away, { loop: away[0] }), []);
    assert.ok(sameCamera({ w2c: [...IDENTITY], intrinsics }, at(0, 0, 0)));
});

test("the ground below a place", () => {
    assert.ok(Math.abs(groundBelow(positions, [0, 0, 1], 2) - 1) < 1e-6);
    assert.equal(groundBelow(positions, [50, 0, 1], 2), null);
    assert.equal(groundBelow(positions, [0, 1.5, 1], 2), null);
});

test("every frame is measured once, coarse ones first", () => {
    for (const count of [1, 2, 5, 121]) {
        const order = coarseToFine(count);
        assert.deepEqual(
            [...order].sort((a, b) => a - b),
            Array.from({ length: count }, (_, i) => i),
        );
    }
    assert.deepEqual(coarseToFine(8), [0, 4, 2, 6, 1, 3, 5, 7]);
});

test("a turn of three degrees a frame is allowed, and a quarter of the picture is enough to know", () => {
    const turning = (step) => Array.from({ length: 4 }, (_, i) => at(0, 0, 0, i * step));
    assert.deepEqual(warningsOf(turning(2.9)), []);
    assert.deepEqual(warningsOf(turning(3.1)), [{ kind: "turn", from: 1, to: 3 }]);
    const path = turning(0);
    assert.deepEqual(warningsOf(path, { coverage: [0.26, 0.25, 0.24, 1] }), [{ kind: "unknown", from: 2, to: 2 }]);
});

test("frames of one warning at most two apart are one warning", () => {
    const path = Array.from({ length: 9 }, () => at(0, 0, 0));
    const told = warningsOf(path, { coverage: [0, 1, 0, 1, 1, 0, 0, 1, 1] });
    assert.deepEqual(told.map(({ from, to }) => [from, to]), [[0, 2], [5, 6]]); // prettier-ignore
});

test("three points in one place are a wall, two are strays", () => {
    const through = [at(0, 0, 0), at(0, 0, 4)];
    const places = (count) => Array.from({ length: count }, () => [0.01, 0.01, 2.01]).flat();
    const points = (count) => new Occupancy(Float32Array.from(places(count)), 2);
    assert.deepEqual(warningsOf(through, { occupancy: points(2) }), []);
    assert.deepEqual(warningsOf(through, { occupancy: points(3) }), [{ kind: "wall", from: 1, to: 1 }]);
});

test("a loop is open only where it comes back near: in place and in angle", () => {
    const back = (x, yaw) => [at(0, 0, 0), at(3, 0, 0, 60), at(x, 0, 0, yaw)];
    const open = (path, depth) => warningsOf(path, { loop: path[0], depth }).some(({ kind }) => kind === "open");
    assert.ok(open(back(0.14, 0), 1) && !open(back(0.16, 0), 1));
    assert.ok(open(back(0.3, 0), 2.5));
    assert.ok(open(back(0, 14), 1) && !open(back(0, 16), 1));
});

test("the ground is the lower surface near by, and a few points are none", () => {
    const floor = (y, count, x = 0) => Array.from({ length: count }, (_, i) => [x + 0.001 * i, y, 0]).flat();
    // A table over half of the floor.
    assert.equal(groundBelow(Float32Array.from([...floor(0.5, 20), ...floor(1, 20)]), [0, 0, 0], 1), 1);
    assert.equal(groundBelow(Float32Array.from(floor(1, 4)), [0, 0, 0], 1), null);
    assert.equal(groundBelow(Float32Array.from(floor(1, 5)), [0, 0, 0], 1), 1);
    // Deeper ground beyond a step to the side is another place's.
    assert.equal(groundBelow(Float32Array.from([...floor(1, 10), ...floor(3, 50, 0.2)]), [0, 0, 0], 1), 1);
});

for (const { name, path, positions: points, depth, loop, warnings } of vectors.preflight) {
    test(`Camera Path warns of the same: ${name}`, () => {
        const seen = new Occupancy(Float32Array.from(points), depth);
        const told = warningsOf(path, { occupancy: seen, loop, depth });
        assert.deepEqual(
            told.map(({ kind, from, to }) => `${kind} ${from} ${to}`).sort(),
            warnings.map(({ kind, start, end }) => `${kind} ${start} ${end}`).sort(),
        );
    });
}

test("the paths warn of everything there is", () => {
    const kinds = new Set(vectors.preflight.flatMap(({ warnings }) => warnings.map(({ kind }) => kind)));
    assert.deepEqual([...kinds].sort(), ["open", "turn", "wall"]);
});
