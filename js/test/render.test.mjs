import assert from "node:assert/strict";
import { test } from "node:test";
import { decodePoints, worldPositions } from "../src/points.mjs";
import { drawSoft } from "../src/render.mjs";
import { bytes, difference, vectors } from "./vectors.mjs";

const { packed, positions, colors, pictures } = vectors.scene;

test("a packed cloud, decoded", () => {
    const cloud = decodePoints(bytes(packed));
    assert.equal(cloud.count, positions.length);
    assert.equal(cloud.total, positions.length);
    const step = Math.max(...cloud.high.map((high, axis) => high - cloud.low[axis])) / 65535;
    assert.ok(difference([...worldPositions(cloud)], positions.flat()) < step);
    assert.deepEqual([...cloud.colors], colors.flat());
});

test("files that are something else are refused", () => {
    const good = bytes(packed);
    assert.throws(() => decodePoints(good.slice(0, 40)), /64/);
    assert.throws(() => decodePoints(good.slice(0, good.byteLength - 1)), /points/);
    const wrong = good.slice(0);
    new Uint8Array(wrong)[0] = 0;
    assert.throws(() => decodePoints(wrong), /SPTP/);
    const newer = good.slice(0);
    new DataView(newer).setUint32(4, 9, true);
    assert.throws(() => decodePoints(newer), /version 9/);
});

test("the soft projection is Python's", () => {
    const cloud = { positions: Float32Array.from(positions.flat()), colors: Uint8Array.from(colors.flat()) };
    for (const { camera, width, height, radius, layers, image, coverage } of pictures) {
        const drawn = drawSoft(cloud, camera, width, height, { radius, layers });
        const rgb = [...drawn.pixels].filter((_, i) => i % 4 !== 3);
        const off = rgb.filter((value, i) => Math.abs(value - image[i]) > 1).length;
        assert.ok(off <= 0.001 * rgb.length, `${off} of ${rgb.length} values are off`);
        assert.ok(Math.abs(drawn.coverage - coverage) < 1e-3, `${drawn.coverage} ${coverage}`);
        assert.equal(drawSoft(cloud, camera, width, height, { radius, layers, image: false }).coverage, drawn.coverage);
    }
});
