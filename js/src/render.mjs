// The soft projection that the network looks at, as spatia_core/render/soft.py draws it: every pixel composites the
// nearest points whose disc covers its centre, alpha = 1 - d^2 / r^2, front to back over black.

/**
 * @param {{positions: Float32Array, colors: Uint8Array}} cloud world positions (n * 3), colours (n * 3)
 * @param {{w2c: number[], intrinsics: number[]}} camera
 * @param {number} width @param {number} height pixels
 * @param {{radius?: number, layers?: number, image?: boolean}} options radius: fraction of half the shorter side;
 *   layers: points a pixel blends; image: false measures the coverage alone
 * @returns {{pixels: Uint8ClampedArray, coverage: number, nearest: number}} RGBA picture, share of the picture that
 *   the cloud covers (0 to 1), depth of the nearest point drawn (Infinity without one)
 */
export function drawSoft(cloud, camera, width, height, { radius = 0.01, layers = 5, image = true } = {}) {
    const r = (radius * Math.min(height, width)) / 2;
    const rr = r * r;
    const size = width * height;
    const depths = new Float32Array(size * layers).fill(Infinity);
    const opacities = new Float32Array(size * layers);
    const points = image ? new Int32Array(size * layers) : null;
    const [a, b, c, tx, d, e, f, ty, g, h, i, tz] = camera.w2c;
    const [fx, fy, cx, cy] = camera.intrinsics;
    const { positions } = cloud;
    let nearest = Infinity;
    for (let p = 0, o = 0; o < positions.length; p++, o += 3) {
        const x = positions[o];
        const y = positions[o + 1];
        const z = positions[o + 2];
        const depth = g * x + h * y + i * z + tz;
        if (!(depth > 0)) continue;
        const u = ((fx * (a * x + b * y + c * z + tx)) / depth + cx) * width;
        const v = ((fy * (d * x + e * y + f * z + ty)) / depth + cy) * height;
        const left = Math.max(0, Math.ceil(u - r - 0.5));
        const right = Math.min(width - 1, Math.floor(u + r - 0.5));
        const top = Math.max(0, Math.ceil(v - r - 0.5));
        const bottom = Math.min(height - 1, Math.floor(v + r - 0.5));
        if (left > right || top > bottom) continue;
        const near = Math.fround(depth);
        for (let row = top; row <= bottom; row++) {
            const dv = row + 0.5 - v;
            for (let column = left; column <= right; column++) {
                const du = column + 0.5 - u;
                const square = du * du + dv * dv;
                if (square >= rr) continue;
                const first = (row * width + column) * layers;
                let slot = first + layers - 1;
                if (near >= depths[slot]) continue;
                while (slot > first && near < depths[slot - 1]) {
                    depths[slot] = depths[slot - 1];
                    opacities[slot] = opacities[slot - 1];
                    if (points) points[slot] = points[slot - 1];
                    slot--;
                }
                depths[slot] = near;
                opacities[slot] = 1 - square / rr;
                if (points) points[slot] = p;
                if (near < nearest) nearest = near;
            }
        }
    }
    const pixels = image ? new Uint8ClampedArray(4 * size) : null;
    let covered = 0;
    for (let pixel = 0; pixel < size; pixel++) {
        let alpha = 0;
        let red = 0;
        let green = 0;
        let blue = 0;
        for (let slot = pixel * layers; slot < (pixel + 1) * layers && depths[slot] < Infinity; slot++) {
            const weight = (1 - alpha) * opacities[slot];
            alpha += weight;
            if (!points) continue;
            const o = 3 * points[slot];
            red += weight * cloud.colors[o];
            green += weight * cloud.colors[o + 1];
            blue += weight * cloud.colors[o + 2];
        }
        covered += Math.floor(alpha * 255 + 1e-4);
        if (pixels) pixels.set([Math.floor(red + 1e-4), Math.floor(green + 1e-4), Math.floor(blue + 1e-4), 255], 4 * pixel);
    }
    return { pixels, coverage: covered / 255 / size, nearest };
}
