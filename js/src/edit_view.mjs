// What the cloud editor computes for the screen, without a screen: what it has to be sent, picking, sizes.
import { boundsOf } from "./edit_select.mjs";

const NEAR = 4; // pixels: among these points the front one is picked
const FAR = 14; // pixels: farther away nothing is picked
const FOOTPRINT = 4; // pixels, the largest square of a point when it is decided what lies in front
const [SMALLEST, LARGEST] = [64, 1024]; // pixels of a lasso's image

const PLAIN = 0;
const SELECTED = 1;
const MARKED = 2;
const GONE = 3;

/**
 * What a screen needs to show a cloud, as Viewer.setCloud takes it: per point of the cloud's sheet whether it is selected,
 * marked or gone, and of positions and colours those that the screen does not have yet.
 * @param {any} cloud of Replay @param {Uint8Array | null} selected (n) @param {number} total points of the whole scene
 * @param {any} had the sheet that the screen has, {} for none
 */
export function displayed(cloud, selected, total, had = {}) {
    const { sheet } = cloud;
    const display = { count: cloud.views.length, total, states: statesOf(cloud, selected, sheet.positions.length / 3) };
    if (sheet.positions !== had.positions) Object.assign(display, quantized(sheet.positions));
    if (sheet.colors !== had.colors) display.colors = sheet.colors.slice();
    return display;
}

function statesOf({ places, marks }, selected, count) {
    const states = new Uint8Array(count);
    if (places) states.fill(GONE);
    for (let p = 0; p < marks.length; p++) states[places ? places[p] : p] = selected && selected[p] ? SELECTED : marks[p] ? MARKED : PLAIN;
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

/** The point at a pixel (u, v): of those under the mouse the front one, else the nearest on screen. {at, color, z} or null. */
export function pickPoint(cloud, { w2c, intrinsics }, width, height, u, v) {
    const [a, b, c, tx, d, e, f, ty, g, h, i, tz] = w2c;
    const [fx, fy, cx, cy] = intrinsics;
    const { positions } = cloud;
    let best = -1;
    let score = Infinity;
    let depth = 0;
    for (let p = 0, o = 0; o < positions.length; p++, o += 3) {
        const [x, y, t] = [positions[o], positions[o + 1], positions[o + 2]];
        const z = g * x + h * y + i * t + tz;
        if (!(z > 0)) continue;
        const far = Math.hypot(((fx * (a * x + b * y + c * t + tx)) / z + cx) * width - u, ((fy * (d * x + e * y + f * t + ty)) / z + cy) * height - v);
        if (far > FAR) continue;
        // Those under the mouse come first, by depth; the others after them, by distance.
        const rank = far <= NEAR ? -1 / z : far;
        if (rank < score) [best, score, depth] = [p, rank, z];
    }
    if (best < 0) return null;
    return { at: [...positions.subarray(3 * best, 3 * best + 3)], color: [...cloud.colors.subarray(3 * best, 3 * best + 3)], z: depth };
}

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
