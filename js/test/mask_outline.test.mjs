import assert from "node:assert/strict";
import { test } from "node:test";
import { outlineOfMask } from "../src/mask_outline.mjs";

const [WIDTH, HEIGHT] = [192, 128];

function polygonOf(inside) {
    const data = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, p) => (inside(p % WIDTH, Math.floor(p / WIDTH)) ? 1 : 0));
    return { data, points: outlineOfMask({ width: WIDTH, height: HEIGHT, data }) };
}

/** Pixels whose middle lies inside, by the even-odd rule, as a lasso has it. */
function filled(points) {
    const data = new Uint8Array(WIDTH * HEIGHT);
    for (let p = 0; p < data.length; p++) {
        const [u, v] = [((p % WIDTH) + 0.5) / WIDTH, (Math.floor(p / WIDTH) + 0.5) / HEIGHT];
        for (const [i, [u0, v0]] of points.entries()) {
            const [u1, v1] = points[(i + 1) % points.length];
            if (v0 <= v !== v1 <= v && u < u0 + (v - v0) * ((u1 - u0) / (v1 - v0))) data[p] ^= 1;
        }
    }
    return data;
}

function overlap(a, b) {
    const both = a.reduce((sum, flag, p) => sum + (flag & b[p]), 0);
    return both / a.reduce((sum, flag, p) => sum + (flag | b[p]), 0);
}

const disc = (cx, cy, r) => (x, y) => Math.hypot(x - cx, y - cy) < r;
const [left, right, hole, crumb] = [disc(50, 60, 38), disc(140, 60, 30), disc(55, 60, 15), disc(100, 10, 1.2)];
const MASKS = {
    "a disc": left,
    "a disc cut off by the image's side": disc(3, 120, 40),
    "a disc with a hole": (x, y) => left(x, y) && !hole(x, y),
    "two discs, one with a hole, and a part in the hole": (x, y) => right(x, y) || (left(x, y) && !hole(x, y)) || disc(55, 60, 6)(x, y),
    "all but a hole": (x, y) => !hole(x, y),
    "the whole image": () => true,
    "one column": (x) => x === 7,
};

for (const [name, inside] of Object.entries(MASKS)) {
    test(`the polygon encloses the mask: ${name}`, () => {
        const { data, points } = polygonOf(inside);
        assert.ok(overlap(data, filled(points)) > 0.97, `${overlap(data, filled(points))}`);
        assert.ok(points.length < 200, `${points.length} corners`);
    });
}

test("an empty mask has no polygon, and a lone pixel is a crumb", () => {
    assert.equal(polygonOf(() => false).points, null);
    assert.equal(polygonOf((x, y) => x === 9 && y === 9).points, null);
});

test("crumbs and pinholes are left out", () => {
    const { points } = polygonOf((x, y) => crumb(x, y) || (left(x, y) && !disc(50, 50, 1.2)(x, y)));
    assert.deepEqual([...filled(points)], [...filled(polygonOf(left).points)]);
});

test("noise does not become endless", () => {
    let seed = 1;
    const noise = () => (seed = (seed * 16807) % 2147483647) / 2147483647 > 0.5;
    const { points } = polygonOf(noise);
    assert.ok(points.length > 3 && points.length <= 3000, `${points.length}`);
});
