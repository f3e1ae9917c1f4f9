// What the cloud editor computes for the screen, without a screen: colours of what is selected, picking, sizes.

const SELECTED = [245, 179, 1];
const MARKED = [74, 144, 226];
const NEAR = 4; // pixels: among these points the front one is picked
const FAR = 14; // pixels: farther away nothing is picked
const FOOTPRINT = 4; // pixels, the largest square of a point when it is decided what lies in front
const [SMALLEST, LARGEST] = [64, 1024]; // pixels of a lasso's image

/** A cloud as Viewer.setCloud takes it, the selected and marked points tinted. */
export function displayed(cloud, selected, total) {
    const n = cloud.views.length;
    const low = [Infinity, Infinity, Infinity];
    const high = [-Infinity, -Infinity, -Infinity];
    for (let k = 0; k < 3 * n; k++) {
        const axis = k % 3;
        if (cloud.positions[k] < low[axis]) low[axis] = cloud.positions[k];
        if (cloud.positions[k] > high[axis]) high[axis] = cloud.positions[k];
    }
    if (!n) return { count: 0, total: 0, low: [0, 0, 0], high: [0, 0, 0], positions: new Uint16Array(), colors: new Uint8Array() };
    const step = low.map((v, axis) => 65535 / (high[axis] > v ? high[axis] - v : 1));
    const positions = new Uint16Array(3 * n);
    const colors = cloud.colors.slice();
    for (let p = 0, o = 0; p < n; p++, o += 3) {
        for (let axis = 0; axis < 3; axis++) positions[o + axis] = Math.round((cloud.positions[o + axis] - low[axis]) * step[axis]);
        const tint = selected?.[p] ? SELECTED : cloud.marks[p] ? MARKED : null;
        if (!tint) continue;
        const share = tint === SELECTED ? 0.65 : 0.35;
        for (let k = 0; k < 3; k++) colors[o + k] += share * (tint[k] - colors[o + k]);
    }
    return { count: n, total, low, high, positions, colors };
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
