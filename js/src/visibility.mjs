// Which points a camera sees, as spatia_core/render/visibility_numba.py decides it: a point covers the square that its
// voxel fills on screen, and what lies behind the depth of these squares is hidden.

const LARGEST = 4; // pixels each way of a square

/**
 * @param {Float32Array} positions world positions (n * 3)
 * @param {{w2c: number[], intrinsics: number[]}} camera
 * @param {number} voxel scene units
 * @returns {Uint8Array} (n) 1 where the camera sees the point
 */
export function visiblePoints(positions, camera, width, height, voxel) {
    const n = positions.length / 3;
    const [a, b, c, tx, d, e, f, ty, g, h, i, tz] = camera.w2c;
    const [fx, fy, cx, cy] = camera.intrinsics;
    const [fu, bu, fv, bv] = [fx * width, cx * width, fy * height, cy * height];
    const focal = Math.max(fu, fv);
    const [high, wide] = [height + 2 * LARGEST, width + 2 * LARGEST];
    const layers = Array.from({ length: LARGEST }, () => new Float32Array(high * wide).fill(Infinity));
    const pixels = new Int32Array(n).fill(-1); // in the padded image, of what lies inside the unpadded one
    const depths = new Float64Array(n);
    const reaches = new Uint8Array(n);
    for (let p = 0, o = 0; p < n; p++, o += 3) {
        const x = positions[o];
        const y = positions[o + 1];
        const t = positions[o + 2];
        const z = g * x + h * y + i * t + tz;
        if (!(z > 0)) continue;
        const u = (fu * (a * x + b * y + c * t + tx)) / z + bu;
        const v = (fv * (d * x + e * y + f * t + ty)) / z + bv;
        if (!(u >= -LARGEST && v >= -LARGEST && u < width + LARGEST && v < height + LARGEST)) continue;
        const reach = Math.min(Math.max(Math.ceil((0.87 * voxel * focal) / Math.max(z, 1e-9)), 1), LARGEST);
        const column = Math.floor(u);
        const row = Math.floor(v);
        const pixel = (row + LARGEST) * wide + column + LARGEST;
        const near = Math.fround(z);
        if (near < layers[reach - 1][pixel]) layers[reach - 1][pixel] = near;
        if (column < 0 || row < 0 || column >= width || row >= height) continue;
        pixels[p] = pixel;
        depths[p] = z;
        reaches[p] = reach;
    }
    // The largest squares are widened by one pixel, join the next smaller ones, are widened with them, and so on.
    const surface = new Float32Array(high * wide).fill(Infinity);
    const rows = new Float32Array(high * wide);
    for (let level = LARGEST; level > 0; level--) {
        const layer = layers[level - 1];
        for (let k = 0; k < layer.length; k++) if (layer[k] < surface[k]) surface[k] = layer[k];
        widen(surface, rows, wide, high);
    }
    const seen = new Uint8Array(n);
    for (let p = 0; p < n; p++) {
        const pixel = pixels[p];
        if (pixel < 0) continue;
        let limit = 1.01 * surface[pixel] + 2 * voxel;
        if (depths[p] > limit) limit += (reaches[p] + 1) * slope(surface, pixel, wide, width, height);
        if (depths[p] <= limit) seen[p] = 1;
    }
    return seen;
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
function slope(surface, pixel, wide, width, height) {
    const here = surface[pixel];
    if (here === Infinity) return 0;
    const row = Math.floor(pixel / wide) - LARGEST;
    const column = (pixel % wide) - LARGEST;
    let down = Infinity;
    let across = Infinity;
    if (row > 0) down = Math.min(down, Math.abs(here - surface[pixel - wide]));
    if (row < height - 1) down = Math.min(down, Math.abs(here - surface[pixel + wide]));
    if (column > 0) across = Math.min(across, Math.abs(here - surface[pixel - 1]));
    if (column < width - 1) across = Math.min(across, Math.abs(here - surface[pixel + 1]));
    return Math.min((down < Infinity ? down : 0) + (across < Infinity ? across : 0), 0.1 * here);
}
