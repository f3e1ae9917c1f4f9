// Filling the place of removed points from what stays round it, as spatia_core/cloud/fill.py does, where each step is
// explained. Tests compare the two. Clouds and scenes are those of edit_cloud.mjs.
import { boundsOf } from "./edit_select.mjs";
import { FOOTPRINT, MOST_NEW_POINTS, borderOf, byteOf, chooseCameras, holeOf, insideOf, pick, spread } from "./fill_holes.mjs";
import { fillPlanes } from "./fill_planes.mjs";
import { visiblePoints } from "./visibility.mjs";

/** New points {positions, colors} where those of `gone` were, made of `kept`. Throws "not_..." where too little stays. */
export function fillRemoved(kept, gone, how, scene) {
    if (!gone.views.length) return { positions: new Float32Array(), colors: new Uint8Array() };
    const { low, high } = boundsOf(gone.positions);
    const across = Math.hypot(high[0] - low[0], high[1] - low[1], high[2] - low[2]);
    const spacing = scene.voxel || across / Math.sqrt(gone.views.length) / 1.6 || 1e-3;
    const cameras = chooseCameras(gone, scene.cameras).map((k) => scene.cameras[k]);
    const place = { low, high, across, spacing, size: [scene.width, scene.height] };
    return how === "plane" ? fillPlanes(kept, gone, cameras, place) : fillNeighbours(kept, gone, cameras, place);
}

// --- neighbours ---

function fillNeighbours(kept, gone, cameras, place) {
    if (!cameras.length) throw new Error("not_seen");
    let { positions, colors } = kept;
    const first = positions.length;
    for (const camera of cameras) {
        const hole = holeOf(positions, gone.positions, camera, place);
        if (!hole) continue;
        const made = fillHole(positions, colors, hole, place.spacing);
        if (positions.length - first + made.positions.length > 3 * MOST_NEW_POINTS) throw new Error("not_so_many");
        [positions, colors] = [joined(positions, made.positions), joined(colors, made.colors)];
    }
    return { positions: positions.slice(first), colors: colors.slice(first) };
}

function joined(a, b) {
    const whole = new a.constructor(a.length + b.length);
    whole.set(a);
    whole.set(b, a.length);
    return whole;
}

/** One point per pixel of the hole behind which nothing stays, merged by voxel. */
function fillHole(positions, colors, hole, spacing) {
    const [left, top, right, bottom] = hole.window;
    const [wide, high] = [right - left, bottom - top];
    const part = (image) => Float64Array.from({ length: wide * high }, (_, k) => image[(Math.floor(k / wide) + top) * hole.width + (k % wide) + left]);
    const [front, border] = [part(hole.front), part(borderOf(hole))];
    const { values, known, seen } = seenOf(positions, colors, hole, spacing);
    const empty = [...front.keys()].filter((k) => front[k] > 0 && !known[k]);
    if (!empty.length) return { positions: new Float32Array(), colors: new Uint8Array() };
    const gone = Uint8Array.from(front, (depth) => (depth > 0 ? 1 : 0));
    const removed = spread(front, gone, wide, high, 1);
    const rim = known.map((flag, k) => (flag && !border[k] && 1 / values[4 * k] >= 0.95 * removed[k] - 2 * spacing ? 1 : 0));
    if (rim.reduce((sum, flag) => sum + flag, 0) < 8) throw new Error("not_rimmed");
    const filled = spread(values, rim, wide, high, 4);
    const [fu, fv, cu, cv] = hole.camera.intrinsics.map((v, k) => v * (k % 2 ? hole.height : hole.width));
    const made = { positions: new Float32Array(3 * empty.length), colors: new Uint8Array(3 * empty.length) };
    for (let i = 0; i < empty.length; i++) {
        const k = empty[i];
        const z = Math.max(1 / filled[4 * k], front[k]);
        const [x, y] = [((k % wide) + left + 0.5 - cu) / fu, (Math.floor(k / wide) + top + 0.5 - cv) / fv];
        for (let axis = 0; axis < 3; axis++) {
            const [a, b, c, t] = hole.eye.slice(4 * axis, 4 * axis + 4);
            made.positions[3 * i + axis] = (a * x + b * y + c) * z + t;
            made.colors[3 * i + axis] = byteOf(filled[4 * k + 1 + axis]);
        }
    }
    return freshOf(mergedOf(made, spacing), seen, spacing);
}

/** By pixel of the hole's window, the sums of 1 / depth and colour of what the camera sees, averaged; and where, and which points. */
function seenOf(positions, colors, hole, spacing) {
    const { camera, width, height, window } = hole;
    const [left, top, right, bottom] = window;
    const wide = right - left;
    const near = insideOf(positions, camera, width, height, window, FOOTPRINT + 2).index;
    const flags = visiblePoints(pick(positions, near), camera, width, height, spacing);
    const index = near.filter((_, i) => flags[i]);
    const [seen, shades] = [pick(positions, index), pick(colors, index)];
    const values = new Float64Array(4 * wide * (bottom - top));
    const known = new Uint8Array(values.length / 4);
    const count = new Int32Array(known.length);
    const at = insideOf(seen, camera, width, height, window);
    for (let i = 0; i < at.index.length; i++) {
        const k = (at.row[i] - top) * wide + at.column[i] - left;
        count[k]++;
        known[k] = 1;
        values[4 * k] += 1 / at.z[i];
        for (let c = 0; c < 3; c++) values[4 * k + 1 + c] += shades[3 * at.index[i] + c];
    }
    for (let i = 0; i < values.length; i++) values[i] /= Math.max(1, count[i >> 2]);
    return { values, known, seen };
}

/** One point per voxel of the grid through the origin, in the order of the first, as voxel_merge makes it. */
function mergedOf({ positions, colors }, spacing) {
    const cells = new Map();
    for (let o = 0; o < positions.length; o += 3) {
        const key = keyOf(positions, o, spacing);
        if (!cells.has(key)) cells.set(key, new Float64Array(7));
        const sum = cells.get(key);
        for (let axis = 0; axis < 3; axis++) {
            sum[axis] += positions[o + axis];
            sum[3 + axis] += colors[o + axis];
        }
        sum[6]++;
    }
    const merged = { positions: new Float32Array(3 * cells.size), colors: new Uint8Array(3 * cells.size) };
    let o = 0;
    for (const sum of cells.values()) {
        for (let axis = 0; axis < 3; axis++, o++) {
            merged.positions[o] = sum[axis] / sum[6];
            merged.colors[o] = byteOf(sum[3 + axis] / sum[6]);
        }
    }
    return merged;
}

const keyOf = (positions, o, spacing) => [0, 1, 2].map((axis) => Math.floor(positions[o + axis] / spacing)).join();

/** Those of the new points whose voxel holds none that the camera sees. */
function freshOf({ positions, colors }, seen, spacing) {
    const taken = new Set();
    for (let o = 0; o < seen.length; o += 3) taken.add(keyOf(seen, o, spacing));
    const fresh = [...Array(positions.length / 3).keys()].filter((p) => !taken.has(keyOf(positions, 3 * p, spacing)));
    return { positions: pick(positions, fresh), colors: pick(colors, fresh) };
}
