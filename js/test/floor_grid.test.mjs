import assert from "node:assert/strict";
import { test } from "node:test";
import { floorOf, gridLines, gridSpacing } from "../src/floor_grid.mjs";

test("lines are a round distance apart, and as many in sight at every scale", () => {
    for (let power = -8; power <= 8; power++) {
        for (const digit of [1, 1.7, 3, 4.9, 8]) {
            const reach = digit * 10 ** power;
            const spacing = gridSpacing(reach);
            assert.ok(reach / spacing <= 8.001 && reach / spacing > 3, `${reach}: ${spacing}`);
            assert.match(spacing.toExponential(), /^[125]e/);
        }
    }
    assert.ok(gridSpacing(0) > 0);
});

test("lines stand on whole multiples of their distance, every tenth stronger, and fade outwards", () => {
    const lines = gridLines(0.5, [3.2, -7]);
    for (const { from, to } of lines) {
        for (const [x, z] of [from, to]) {
            assert.ok(Math.abs(x / 0.5 - Math.round(x / 0.5)) < 1e-9 && Math.abs(z / 0.5 - Math.round(z / 0.5)) < 1e-9);
        }
    }
    const strong = new Set(lines.filter((line) => line.strong && line.from[0] === line.to[0]).map((line) => line.from[0]));
    assert.deepEqual([...strong].sort((a, b) => a - b), [-5, 0, 5, 10, 15]); // prettier-ignore
    assert.ok(lines.every(({ alpha }) => alpha[0] > 0 && alpha[0] <= 1 && alpha[1] === 0));
});

/** A cloud as it is decoded, of world heights (y down) between low and high. */
const cloudOf = (heights, low, high) => ({
    count: heights.length,
    low: [0, low, 0],
    high: [1, high, 1],
    positions: Uint16Array.from(heights.flatMap((y) => [0, Math.round(((y - low) / (high - low || 1)) * 65535), 0])),
});

test("the floor is where the lowest points are, strays below it or not", () => {
    const room = [...Array(6000).fill(2), ...Array.from({ length: 24000 }, (_, i) => 2 - (3 * (i % 1000)) / 1000)];
    assert.ok(Math.abs(floorOf(cloudOf(room, -1, 2)) - 2) < 1e-3);
    const strays = room.map((y, i) => (i % 200 === 0 ? 30 : y));
    assert.ok(Math.abs(floorOf(cloudOf(strays, -1, 30)) - 2) < 1e-3);
    assert.equal(floorOf(null), null);
    assert.equal(floorOf(cloudOf([], 0, 0)), null);
    assert.equal(floorOf(cloudOf([0.7], 0.7, 0.7)), 0.7);
});

test("a floor that hardly differs stays where it was", () => {
    const cloud = cloudOf([0, 1, 2], 0, 2);
    const found = floorOf(cloud);
    assert.equal(floorOf(cloud, found + 0.01), found + 0.01);
    assert.equal(floorOf(cloud, found + 1), found);
});
