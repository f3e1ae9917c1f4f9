// Which points a camera sees, as spatia_core/render/visibility_numba.py decides it: a point covers the square that its
// voxel fills on screen, and what lies behind the depth of these squares is hidden.

const LARGEST = 4; // pixels each way of a square

/**
 * @param {Float32Array} positions world positions (n * 3)
 * @param {{w2c: number[], intrinsics: number[]}} camera
 * @param {number} voxel scene units
 * @param {Uint8Array | null} wanted (n) 1 for the points that are asked about, null for all; the fewer, the sooner
 * @returns {Uint8Array} (n) 1 where the camera sees the point, and it is wanted
 */
export function visiblePoints(positions, camera, width, height, voxel, wanted = null) {
    const n = positions.length / 3;
    const { surface, left, top, wide } = surfaceOf(positions, camera, width, height, voxel, windowOf(positions, camera, width, height, wanted));
    const [a, b, c, tx, d, e, f, ty, g, h, i, tz] = camera.w2c;
    const [fx, fy, cx, cy] = camera.intrinsics;
    const [fu, bu, fv, bv] = [fx * width, cx * width, fy * height, cy * height];
    const focal = Math.max(fu, fv);
    const seen = new Uint8Array(n);
    for (let p = 0, o = 0; p < n; p++, o += 3) {
        if (wanted && !wanted[p]) continue;
        const x = positions[o];
        const y = positions[o + 1];
        const t = positions[o + 2];
        const z = g * x + h * y + i * t + tz;
        if (!(z > 0)) continue;
        const column = Math.floor((fu * (a * x + b * y + c * t + tx)) / z + bu);
        const row = Math.floor((fv * (d * x + e * y + f * t + ty)) / z + bv);
        if (!(column >= 0 && row >= 0 && column < width && row < height)) continue;
        const pixel = (row - top) * wide + column - left;
        let limit = 1.01 * surface[pixel] + 2 * voxel;
        if (z > limit) {
            const reach = Math.min(Math.max(Math.ceil((0.87 * voxel * focal) / Math.max(z, 1e-9)), 1), LARGEST);
            limit += (reach + 1) * slope(surface, pixel, wide, column > 0, column < width - 1, row > 0, row < height - 1);
        }
        if (z <= limit) seen[p] = 1;
    }
    return seen;
}

/**
 * Depth of the nearest point in a part of the picture, every point as large as its voxel: Float32Array by rows, Infinity
 * where there is nothing. The part is given in whole pixels; to the picture belong LARGEST pixels on each side of it.
 */
export function surfaceOf(positions, camera, width, height, voxel, { left, top, wide, high } = wholeOf(width, height)) {
    const n = positions.length / 3;
    const [a, b, c, tx, d, e, f, ty, g, h, i, tz] = camera.w2c;
    const [fx, fy, cx, cy] = camera.intrinsics;
    const [fu, bu, fv, bv] = [fx * width, cx * width, fy * height, cy * height];
    const focal = Math.max(fu, fv);
    // Only this part of the picture is drawn, and what projects beyond it left out before it is divided by its depth.
    const [lowU, highU, lowV, highV] = [left - 1 - bu, left + wide + 1 - bu, top - 1 - bv, top + high + 1 - bv];
    const layers = Array.from({ length: LARGEST }, () => new Float32Array(high * wide).fill(Infinity));
    for (let o = 0; o < 3 * n; o += 3) {
        const x = positions[o];
        const y = positions[o + 1];
        const t = positions[o + 2];
        const z = g * x + h * y + i * t + tz;
        if (!(z > 0)) continue;
        const across = fu * (a * x + b * y + c * t + tx);
        if (!(across >= lowU * z && across <= highU * z)) continue;
        const down = fv * (d * x + e * y + f * t + ty);
        if (!(down >= lowV * z && down <= highV * z)) continue;
        const column = Math.floor(across / z + bu) - left;
        const row = Math.floor(down / z + bv) - top;
        if (!(column >= 0 && row >= 0 && column < wide && row < high)) continue;
        const reach = Math.min(Math.max(Math.ceil((0.87 * voxel * focal) / Math.max(z, 1e-9)), 1), LARGEST);
        const layer = layers[reach - 1];
        const near = Math.fround(z);
        if (near < layer[row * wide + column]) layer[row * wide + column] = near;
    }
    // The largest squares are widened by one pixel, join the next smaller ones, are widened with them, and so on.
    const surface = new Float32Array(high * wide).fill(Infinity);
    const rows = new Float32Array(high * wide);
    for (let level = LARGEST; level > 0; level--) {
        const layer = layers[level - 1];
        for (let k = 0; k < layer.length; k++) if (layer[k] < surface[k]) surface[k] = layer[k];
        widen(surface, rows, wide, high);
    }
    return { surface, left, top, wide, high };
}

const wholeOf = (width, height) => ({ left: -LARGEST, top: -LARGEST, wide: width + 2 * LARGEST, high: height + 2 * LARGEST });

/** The part of the picture, in whole pixels and with its border, outside which no point decides about those that are wanted. */
function windowOf(positions, camera, width, height, wanted) {
    const whole = wholeOf(width, height);
    if (!wanted) return whole;
    const [a, b, c, tx, d, e, f, ty, g, h, i, tz] = camera.w2c;
    const [fx, fy, cx, cy] = camera.intrinsics;
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let p = 0, o = 0; p < wanted.length; p++, o += 3) {
        if (!wanted[p]) continue;
        const x = positions[o];
        const y = positions[o + 1];
        const t = positions[o + 2];
        const z = g * x + h * y + i * t + tz;
        if (!(z > 0)) continue;
        const u = ((fx * (a * x + b * y + c * t + tx)) / z + cx) * width;
        const v = ((fy * (d * x + e * y + f * t + ty)) / z + cy) * height;
        if (u < left) left = u;
        if (u > right) right = u;
        if (v < top) top = v;
        if (v > bottom) bottom = v;
    }
    // A square reaches so far, the slope looks at the next pixel, and one more covers what is rounded.
    const margin = LARGEST + 2;
    const from = (low, least) => Math.min(Math.max(least, Math.floor(low) - margin), 0x3fffffff);
    const to = (high, most) => Math.max(Math.min(most, Math.floor(high) + margin + 1), -LARGEST);
    [left, top] = [from(left, whole.left), from(top, whole.top)];
    [right, bottom] = [to(right, width + LARGEST), to(bottom, height + LARGEST)];
    return { left, top, wide: Math.max(0, right - left), high: Math.max(0, bottom - top) };
}

/** Minimum over 3 x 3, in place. */
function widen(image, rows, wide, high) {
    for (let row = 0; row < high; row++) {
        const first = row * wide;
        const last = first + wide - 1;
        for (let k = first; k <= last; k++) {
            rows[k] = Math.min(image[k], image[Math.max(first, k - 1)], image[Math.min(last, k + 1)]);
        }
    }
    for (let row = 0; row < high; row++) {
        const [above, below] = [Math.max(0, row - 1) * wide, Math.min(high - 1, row + 1) * wide];
        for (let k = 0; k < wide; k++) image[row * wide + k] = Math.min(rows[row * wide + k], rows[above + k], rows[below + k]);
    }
}

/** Change of depth per pixel along the surface: the smaller difference to each side, so that a jump does not count. */
function slope(surface, pixel, wide, before, after, above, below) {
    const here = surface[pixel];
    if (here === Infinity) return 0;
    let down = Infinity;
    let across = Infinity;
    if (above) down = Math.min(down, Math.abs(here - surface[pixel - wide]));
    if (below) down = Math.min(down, Math.abs(here - surface[pixel + wide]));
    if (before) across = Math.min(across, Math.abs(here - surface[pixel - 1]));
    if (after) across = Math.min(across, Math.abs(here - surface[pixel + 1]));
    return Math.min((down < Infinity ? down : 0) + (across < Infinity ? across : 0), 0.1 * here);
}
