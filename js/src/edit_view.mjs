// What the cloud editor computes for the screen, without a screen: what it has to be sent, picking, sizes.
import { boundsOf } from "./edit_select.mjs";

export const [HIDDEN, LOCKED] = [1, 2]; // what is out of the way, as `displayed` and the worker number it

const NEAR = 4; // pixels: among these points the front one is picked
const FAR = 14; // pixels: farther away nothing is picked
const FOOTPRINT = 4; // pixels, the largest square of a point when it is decided what lies in front
const [SMALLEST, LARGEST] = [64, 1024]; // pixels of a lasso's image

const PLAIN = 0;
const SELECTED = 1;
const MARKED = 2;
const GONE = 3;
const FIXED = 4;

/**
 * What a screen needs to show a cloud, as Viewer.setCloud takes it: per point of the cloud's sheet whether it is selected,
 * marked, gone (or hidden) or locked, and of positions and colours those that the screen does not have yet.
 * @param {any} cloud of Replay @param {Uint8Array | null} selected (n) @param {number} total points of the whole scene
 * @param {any} had the sheet that the screen has, {} for none @param {Uint8Array | null} away (n) HIDDEN, LOCKED or 0
 */
export function displayed(cloud, selected, total, had = {}, away = null) {
    const { sheet } = cloud;
    const count = away ? away.reduce((sum, kind) => sum + (kind === HIDDEN ? 0 : 1), 0) : cloud.views.length;
    const display = { count, total, states: statesOf(cloud, selected, away, sheet.positions.length / 3) };
    if (sheet.positions !== had.positions) Object.assign(display, quantized(sheet.positions));
    if (sheet.colors !== had.colors) display.colors = sheet.colors.slice();
    return display;
}

function statesOf({ places, marks }, selected, away, count) {
    const states = new Uint8Array(count);
    if (places) states.fill(GONE);
    for (let p = 0; p < marks.length; p++) {
        const plain = away && away[p] ? (away[p] === HIDDEN ? GONE : FIXED) : PLAIN;
        states[places ? places[p] : p] = selected && selected[p] ? SELECTED : marks[p] && plain === PLAIN ? MARKED : plain;
    }
    return states;
}

/** Positions as 16-bit numbers between their bounds: {positions, low, high}. */
function quantized(world) {
    const { low, high } = boundsOf(world) ?? { low: [0, 0, 0], high: [0, 0, 0] };
    const positions = new Uint16Array(world.length);
    const [x0, y0, z0] = low;
    const [sx, sy, sz] = low.map((v, axis) => 65535 / (high[axis] > v ? high[axis] - v : 1));
    // Added, for what is written to the array is cut off.
    for (let o = 0; o < world.length; o += 3) {
        positions[o] = (world[o] - x0) * sx + 0.5;
        positions[o + 1] = (world[o + 1] - y0) * sy + 0.5;
        positions[o + 2] = (world[o + 2] - z0) * sz + 0.5;
    }
    return { positions, low, high };
}

/**
 * The points at some pixels [[u, v], ...]: of those under each the front one, else the nearest on screen. Per pixel
 * {at, color, z} or null. away: flags of points that are as if not there; size: of the points as they are drawn, scene units.
 */
export function pickPoints(cloud, { w2c, intrinsics }, width, height, places, { away = null, size = 0 } = {}) {
    const [a, b, c, tx, d, e, f, ty, g, h, i, tz] = w2c;
    const [fx, fy, cx, cy] = intrinsics;
    const { positions } = cloud;
    const [left, top] = [0, 1].map((axis) => places.reduce((least, place) => Math.min(least, place[axis]), Infinity) - FAR);
    const [right, bottom] = [0, 1].map((axis) => places.reduce((most, place) => Math.max(most, place[axis]), -Infinity) + FAR);
    // Cells as large as a pick reaches, each with the pixels that reach into it.
    const columns = Math.floor((right - left) / FAR) + 3;
    const cells = new Map();
    const found = places.map(([u, v], index) => {
        const [column, row] = [Math.floor((u - left) / FAR), Math.floor((v - top) / FAR)];
        for (const x of [column - 1, column, column + 1]) {
            for (const y of [row - 1, row, row + 1]) cells.set(y * columns + x, [...(cells.get(y * columns + x) ?? []), index]);
        }
        return { p: -1, score: Infinity, z: 0 };
    });
    for (let p = 0, o = 0; o < positions.length; p++, o += 3) {
        if (away?.[p]) continue;
        const [x, y, t] = [positions[o], positions[o + 1], positions[o + 2]];
        const z = g * x + h * y + i * t + tz;
        if (!(z > 0)) continue;
        const u = ((fx * (a * x + b * y + c * t + tx)) / z + cx) * width;
        const v = ((fy * (d * x + e * y + f * t + ty)) / z + cy) * height;
        if (!(u >= left && v >= top && u <= right && v <= bottom)) continue;
        const near = Math.min(FAR, Math.max(NEAR, (size * fx * width) / (2 * z)));
        for (const index of cells.get(Math.floor((v - top) / FAR) * columns + Math.floor((u - left) / FAR)) ?? []) {
            const far = Math.hypot(u - places[index][0], v - places[index][1]);
            if (far > FAR) continue;
            // Those under the mouse come first, by depth; the others after them, by distance.
            const score = far <= near ? -1 / z : far;
            if (score < found[index].score) found[index] = { p, score, z };
        }
    }
    const pointAt = ({ p, z }) => ({ at: [...positions.subarray(3 * p, 3 * p + 3)], color: [...cloud.colors.subarray(3 * p, 3 * p + 3)], z });
    return found.map((best) => (best.p < 0 ? null : pointAt(best)));
}

/** The point at one pixel. */
export const pickPoint = (cloud, camera, width, height, u, v) => pickPoints(cloud, camera, width, height, [[u, v]])[0];

/**
 * Width and height in pixels at which a lasso's camera should decide what lies in front: so coarse that the points inside
 * it, each as large as its voxel, leave no holes through which what is behind would show.
 */
export function lassoSize(positions, inside, { w2c, intrinsics, size }, voxel) {
    const depths = [];
    const n = inside.length;
    const every = Math.max(1, Math.floor(n / 200000));
    for (let p = 0; p < n; p += every) {
        if (inside[p]) depths.push(w2c[8] * positions[3 * p] + w2c[9] * positions[3 * p + 1] + w2c[10] * positions[3 * p + 2] + w2c[11]);
    }
    const [width, height] = size;
    const longest = Math.max(width, height);
    let wanted = LARGEST;
    if (depths.length) {
        depths.sort((a, b) => a - b);
        const near = depths[Math.floor(0.02 * depths.length)];
        const focal = Math.max(intrinsics[0] * width, intrinsics[1] * height) / longest;
        wanted = Math.floor((FOOTPRINT * near) / (0.87 * voxel * focal));
    }
    const side = Math.max(SMALLEST, Math.min(LARGEST, longest, wanted));
    return [width, height].map((pixels) => Math.max(1, Math.round((pixels * side) / longest)));
}
