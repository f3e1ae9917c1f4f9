// The hole that removed points leave in a camera's image, and the smooth filling of a grid: see spatia_core/cloud/fill.py.
import { invertPose } from "./matrix.mjs";
import { surfaceOf } from "./visibility.mjs";

export const MOST_NEW_POINTS = 2_000_000;
export const FOOTPRINT = 4;
export const SAMPLE = 20_000;
const MOST_CAMERAS = 3;
const BORDER = 3;
const ROUNDS = 8;

// --- the hole, as a camera sees it ---

export function chooseCameras(gone, cameras) {
    const counts = new Array(cameras.length).fill(0);
    for (const view of gone.views) if (view >= 0 && view < cameras.length) counts[view]++;
    const order = [...counts.keys()].sort((a, b) => counts[b] - counts[a] || a - b).slice(0, MOST_CAMERAS);
    if (counts[order[0]]) return order.filter((k) => 10 * counts[k] >= counts[order[0]]);
    const every = Math.max(1, Math.floor(gone.views.length / SAMPLE));
    let [best, most] = [[], 0];
    for (let k = 0; k < cameras.length; k += Math.max(1, Math.floor(cameras.length / 32))) {
        let count = 0;
        const look = projection(cameras[k], 1, 1);
        for (let p = 0; p < gone.views.length; p += every) {
            look.at(gone.positions[3 * p], gone.positions[3 * p + 1], gone.positions[3 * p + 2]);
            if (look.z > 0 && look.u >= 0 && look.v >= 0 && look.u < 1 && look.v < 1) count++;
        }
        if (count > most) [best, most] = [[k], count];
    }
    return best;
}

/** at(x, y, z) sets u and v (pixels) and z (depth). One object for all points: none is made per point. */
function projection({ w2c, intrinsics }, width, height) {
    const [a, b, c, tx, d, e, f, ty, g, h, i, tz] = w2c;
    const [fu, fv, cu, cv] = [intrinsics[0] * width, intrinsics[1] * height, intrinsics[2] * width, intrinsics[3] * height];
    const look = { u: 0, v: 0, z: 0, at: null };
    look.at = (x, y, t) => {
        look.z = g * x + h * y + i * t + tz;
        look.u = (fu * (a * x + b * y + c * t + tx) + cu * look.z) / look.z;
        look.v = (fv * (d * x + e * y + f * t + ty) + cv * look.z) / look.z;
    };
    return look;
}

/** {camera, width, height, front, back, window}, depths 0 where there is nothing; null where the points are nowhere the front. */
export function holeOf(positions, gone, camera, { size, spacing }) {
    const [width, height] = imageSize(gone, camera, size, spacing);
    const front = depthsOf(gone, camera, width, height, spacing);
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (let k = 0; k < front.length; k++) {
        if (!front[k]) continue;
        const [column, row] = [k % width, Math.floor(k / width)];
        [box[0], box[1], box[2], box[3]] = [Math.min(box[0], column), Math.min(box[1], row), Math.max(box[2], column + 1), Math.max(box[3], row + 1)];
    }
    if (box[2] < 0) return null;
    const [aside, above] = [box[2] - box[0], box[3] - box[1]].map((span) => Math.max(12, Math.floor((span + 1) / 2)));
    const window = [Math.max(0, box[0] - aside), Math.max(0, box[1] - above), Math.min(width, box[2] + aside), Math.min(height, box[3] + above)];
    const near = pick(positions, insideOf(positions, camera, width, height, window, FOOTPRINT + 2).index);
    const back = depthsOf(near, camera, width, height, spacing);
    let found = false;
    for (let k = 0; k < front.length; k++) {
        if (front[k] && back[k] && front[k] >= back[k]) front[k] = 0;
        found ||= front[k] > 0;
    }
    return found ? { camera, width, height, front, back, window, eye: invertPose(camera.w2c) } : null;
}

function imageSize(gone, camera, [width, height], spacing) {
    const look = projection(camera, 1, 1);
    const depths = new Float64Array(gone.length / 3);
    let n = 0;
    for (let o = 0; o < gone.length; o += 3) {
        look.at(gone[o], gone[o + 1], gone[o + 2]);
        if (look.z > 0) depths[n++] = look.z;
    }
    if (!n) return [width, height];
    const near = depths.subarray(0, n).sort()[Math.floor(0.02 * n)];
    const focal = Math.max(camera.intrinsics[0] * width, camera.intrinsics[1] * height);
    const share = Math.min(1, Math.max((FOOTPRINT * near) / (0.87 * spacing * focal), 64 / Math.max(height, width)));
    return [width, height].map((side) => Math.max(1, Math.floor(side * share)));
}

/** Depth of the nearest point by pixel, 0 where there is none. */
function depthsOf(positions, camera, width, height, spacing) {
    const { surface, left, top, wide } = surfaceOf(positions, camera, width, height, spacing);
    const depths = new Float32Array(width * height);
    for (let row = 0, k = 0; row < height; row++) {
        for (let column = 0; column < width; column++, k++) {
            const depth = surface[(row - top) * wide + column - left];
            if (depth < Infinity) depths[k] = depth;
        }
    }
    return depths;
}

/** Of the points that a camera sees in a window of its image: {index, column, row, z}. */
export function insideOf(positions, camera, width, height, [left, top, right, bottom], margin = 0) {
    const look = projection(camera, width, height);
    const [index, column, row, z] = [[], [], [], []];
    for (let o = 0; o < positions.length; o += 3) {
        look.at(positions[o], positions[o + 1], positions[o + 2]);
        if (!(look.z > 0 && look.u >= left - margin && look.v >= top - margin && look.u < right + margin && look.v < bottom + margin)) continue;
        index.push(o / 3);
        column.push(Math.floor(look.u));
        row.push(Math.floor(look.v));
        z.push(look.z);
    }
    return { index, column, row, z };
}

export function pick(values, index) {
    const picked = new values.constructor(3 * index.length);
    for (let k = 0; k < index.length; k++) for (let axis = 0; axis < 3; axis++) picked[3 * k + axis] = values[3 * index[k] + axis];
    return picked;
}

/** Uint8Array by pixel: the hole's outline. */
export function borderOf({ front, width, height }) {
    let inner = Uint8Array.from(front, (depth) => (depth > 0 ? 1 : 0));
    for (let round = 0; round < BORDER; round++) {
        for (const [step, place, size] of [
            [width, (k) => Math.floor(k / width), height],
            [1, (k) => k % width, width],
        ]) {
            // prettier-ignore
            inner = inner.map((flag, k, all) => {
                const at = place(k);
                return flag & all[at > 0 ? k - step : k] & all[at < size - 1 ? k + step : k];
            });
        }
    }
    return inner.map((flag, k) => (front[k] > 0 && !flag ? 1 : 0));
}

// --- smooth filling of a grid ---

/** Values (height * width * channels) where known, carried smoothly into the other cells. */
export function spread(values, known, width, height, channels) {
    if (width * height === 1 || known.every((flag) => flag)) return values;
    const [wide, high] = [(width + 1) >> 1, (height + 1) >> 1];
    const total = new Float64Array(wide * high * channels);
    const count = new Uint8Array(wide * high);
    // In the order in which Python adds.
    for (const [y, x] of [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
    ]) {
        // prettier-ignore
        for (let row = y; row < height; row += 2) {
            for (let column = x; column < width; column += 2) {
                if (!known[row * width + column]) continue;
                const to = (row >> 1) * wide + (column >> 1);
                count[to]++;
                for (let c = 0; c < channels; c++) total[to * channels + c] += values[(row * width + column) * channels + c];
            }
        }
    }
    for (let k = 0; k < total.length; k++) total[k] /= Math.max(1, count[Math.floor(k / channels)]);
    const coarse = spread(total, count, wide, high, channels);
    const filled = enlarged(coarse, wide, width, height, high, channels);
    const open = [];
    for (let k = 0; k < known.length; k++) {
        if (known[k]) for (let c = k * channels; c < (k + 1) * channels; c++) filled[c] = values[c];
        else open.push(k);
    }
    const mean = new Float64Array(open.length * channels);
    for (let round = 0; round < ROUNDS; round++) {
        for (let i = 0; i < open.length; i++) {
            const [row, column] = [Math.floor(open[i] / width), open[i] % width];
            const above = channels * (row > 0 ? open[i] - width : open[i]);
            const below = channels * (row < height - 1 ? open[i] + width : open[i]);
            const before = channels * (column > 0 ? open[i] - 1 : open[i]);
            const after = channels * (column < width - 1 ? open[i] + 1 : open[i]);
            for (let c = 0; c < channels; c++) mean[i * channels + c] = (filled[above + c] + filled[below + c] + filled[before + c] + filled[after + c]) / 4;
        }
        for (let i = 0; i < open.length; i++) for (let c = 0; c < channels; c++) filled[open[i] * channels + c] = mean[i * channels + c];
    }
    return filled;
}

/** A grid of twice as many cells each way, linear between their centres. */
function enlarged(coarse, wide, width, height, high, channels) {
    const beside = (k, most) => Math.max(0, Math.min(most - 1, (k >> 1) + (k % 2 ? 1 : -1)));
    const tall = new Float64Array(wide * height * channels);
    for (let row = 0; row < height; row++) {
        const [here, next] = [(row >> 1) * wide * channels, beside(row, high) * wide * channels];
        for (let k = 0; k < wide * channels; k++) tall[row * wide * channels + k] = 0.75 * coarse[here + k] + 0.25 * coarse[next + k];
    }
    const fine = new Float64Array(width * height * channels);
    for (let row = 0, to = 0; row < height; row++) {
        for (let column = 0; column < width; column++) {
            const [here, next] = [(row * wide + (column >> 1)) * channels, (row * wide + beside(column, wide)) * channels];
            for (let c = 0; c < channels; c++) fine[to++] = 0.75 * tall[here + c] + 0.25 * tall[next + c];
        }
    }
    return fine;
}

/** A number as a colour's byte, halves to even. */
export function byteOf(value) {
    const floor = Math.floor(value);
    const up = value - floor > 0.5 || (value - floor === 0.5 && floor % 2 !== 0);
    return Math.max(0, Math.min(255, up ? floor + 1 : floor));
}
