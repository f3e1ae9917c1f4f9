// What Python computed for these tests: made by tests/test_page.py, which runs them.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const path = process.env.SPATIA_VECTORS;
if (!path) throw new Error("SPATIA_VECTORS is not set: run these tests with pytest tests/test_page.py");

export const vectors = JSON.parse(readFileSync(path, "utf8"));

/** Bytes of a file beside the vectors. */
export function bytes(name) {
    const data = readFileSync(join(dirname(path), name));
    return data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
}

/** Largest absolute difference of two lists of numbers, however nested. */
export function difference(a, b) {
    const [p, q] = [a, b].map((list) => [list].flat(Infinity));
    if (p.length !== q.length) throw new Error(`${p.length} numbers against ${q.length}`);
    return p.reduce((most, v, i) => Math.max(most, Math.abs(v - q[i])), 0);
}

export const numbers = (cameras) => cameras.map(({ w2c, intrinsics }) => [...w2c, ...intrinsics]);
