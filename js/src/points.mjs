// The scene's points as the server packs them (spatia_core/cloud/packed.py): 16-bit positions between the world
// bounds, 8-bit colours, in random order, so that any prefix of the file is an even thinning of the whole.

const MAGIC = 0x50545053; // "SPTP"
const VERSION = 1;
const HEADER = 64;

/**
 * @param {ArrayBuffer} buffer a packed cloud
 * @returns {{count: number, total: number, low: number[], high: number[], positions: Uint16Array, colors: Uint8Array}}
 *   count points shown of total in the scene; positions (count * 3) in 0..65535 between low and high (scene units,
 *   OpenCV axes); colors (count * 3) in 0..255. The arrays are views of the buffer.
 * @throws {Error} when the buffer is something else or was cut short
 */
export function decodePoints(buffer) {
    if (buffer.byteLength < HEADER) throw new Error(`The point file has ${buffer.byteLength} bytes, expected at least ${HEADER}`);
    const head = new DataView(buffer);
    if (head.getUint32(0, true) !== MAGIC) throw new Error("The point file does not begin with SPTP");
    const version = head.getUint32(4, true);
    if (version !== VERSION) throw new Error(`The point file has version ${version}, this page reads ${VERSION}: reload the page`);
    const count = head.getUint32(8, true);
    if (buffer.byteLength !== HEADER + 9 * count) {
        throw new Error(`The point file has ${buffer.byteLength} bytes, expected ${HEADER + 9 * count} for ${count} points`);
    }
    const vector = (offset) => [0, 8, 16].map((step) => head.getFloat64(offset + step, true));
    return {
        count,
        total: head.getUint32(12, true),
        low: vector(16),
        high: vector(40),
        positions: new Uint16Array(buffer, HEADER, 3 * count),
        colors: new Uint8Array(buffer, HEADER + 6 * count, 3 * count),
    };
}

/** World positions (scene units) of the first `limit` points of a decoded cloud, Float32Array (n * 3). */
export function worldPositions(cloud, limit = cloud.count) {
    const n = Math.min(limit, cloud.count);
    const world = new Float32Array(3 * n);
    const step = cloud.low.map((low, axis) => (cloud.high[axis] - low) / 65535);
    for (let i = 0; i < 3 * n; i += 3) {
        world[i] = cloud.low[0] + cloud.positions[i] * step[0];
        world[i + 1] = cloud.low[1] + cloud.positions[i + 1] * step[1];
        world[i + 2] = cloud.low[2] + cloud.positions[i + 2] * step[2];
    }
    return world;
}
