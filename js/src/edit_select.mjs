// Selections of a cloud's points, as spatia_core/cloud/edit.py makes them: what the page shows selected is what the node
// selects. Tests compare the two on clouds made by Python. Clouds and scenes are those of edit_cloud.mjs.
import { NODE_SHAPES } from "./node_edits.mjs";
import { visiblePoints } from "./visibility.mjs";

export const FIT_REACH = 10; // a plane without a normal is fitted to the points within so many times its distance

export const sizeOf = (cloud) => cloud.views.length;

/** Rotation (9 numbers by rows) of angles in degrees about the world's x, then y, then z axis. */
export function rotationOfDegrees(degrees) {
    const [x, y, z] = degrees.map((v) => (v * Math.PI) / 180);
    const [cx, sx, cy, sy, cz, sz] = [Math.cos(x), Math.sin(x), Math.cos(y), Math.sin(y), Math.cos(z), Math.sin(z)];
    return [
        cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx,
        sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx,
        -sy, cy * sx, cy * cx,
    ]; // prettier-ignore
}

/** The angles in degrees whose `rotationOfDegrees` is this rotation: y within 90, at the poles x 0. */
export function degreesOfRotation(R) {
    const degrees = (radians) => (radians * 180) / Math.PI;
    const y = Math.asin(Math.max(-1, Math.min(1, -R[6])));
    if (Math.abs(R[6]) > 1 - 1e-12) return [0, degrees(y), degrees(Math.atan2(-R[1], R[4]))];
    return [degrees(Math.atan2(R[7], R[8])), degrees(y), degrees(Math.atan2(R[3], R[0]))];
}

/** Bounds of the points under a mask: {low, high, count}, null without any. */
export function boundsOf(positions, mask) {
    const low = [Infinity, Infinity, Infinity];
    const high = [-Infinity, -Infinity, -Infinity];
    let count = 0;
    for (let p = 0, o = 0; o < positions.length; p++, o += 3) {
        if (mask && !mask[p]) continue;
        count++;
        for (let axis = 0; axis < 3; axis++) {
            const value = positions[o + axis];
            if (value < low[axis]) low[axis] = value;
            if (value > high[axis]) high[axis] = value;
        }
    }
    return count ? { low, high, count } : null;
}

export function countOf(mask) {
    let count = 0;
    for (let p = 0; p < mask.length; p++) count += mask[p];
    return count;
}

// --- selections ---

/** Uint8Array (n), 1 where a point is selected. Throws what the node would refuse at this place. */
export function select(cloud, selection, scene) {
    if (selection.shape in NODE_SHAPES) throw new Error("not_in_page");
    const shape = SHAPES[selection.shape];
    if (!shape) throw new Error(`"${selection.shape}" is no selection`);
    const mask = selection.within ? among(cloud, selection.within, scene, (part) => shape(part, selection, scene)) : shape(cloud, selection, scene);
    if (selection.invert) for (let p = 0; p < mask.length; p++) mask[p] ^= 1;
    return mask;
}

const SHAPES = {
    all: (cloud) => new Uint8Array(sizeOf(cloud)).fill(1),
    box({ positions }, { center, size, rotation = [0, 0, 0] }) {
        const [xx, xy, xz, yx, yy, yz, zx, zy, zz] = rotationOfDegrees(rotation);
        const [x, y, z] = center;
        const [wide, high, deep] = size.map((edge) => edge / 2);
        // A loop of its own, as the sphere has: a call for each of millions of points takes several times as long.
        const mask = new Uint8Array(positions.length / 3);
        for (let p = 0, o = 0; p < mask.length; p++, o += 3) {
            const a = positions[o] - x;
            const b = positions[o + 1] - y;
            const c = positions[o + 2] - z;
            if (Math.abs(a * xx + b * yx + c * zx) <= wide && Math.abs(a * xy + b * yy + c * zy) <= high && Math.abs(a * xz + b * yz + c * zz) <= deep)
                mask[p] = 1;
        }
        return mask;
    },
    sphere({ positions }, { center, radius }) {
        const [x, y, z] = center;
        const mask = new Uint8Array(positions.length / 3);
        for (let p = 0, o = 0; p < mask.length; p++, o += 3) {
            const a = positions[o] - x;
            const b = positions[o + 1] - y;
            const c = positions[o + 2] - z;
            if (Math.sqrt(a * a + b * b + c * c) <= radius) mask[p] = 1;
        }
        return mask;
    },
    color({ colors }, { color, tolerance = 0.1 }) {
        const [r, g, b] = rgb(color);
        const limit = tolerance ** 2;
        return each(colors, (p, q, s) => (((p - r) / 255) ** 2 + ((q - g) / 255) ** 2 + ((s - b) / 255) ** 2) / 3 <= limit);
    },
    mask({ positions }, { frame = -1, through = false }, { cameras, mask, voxel }) {
        if (!mask) throw new Error("no mask is connected");
        const camera = frameCamera(cameras, frame);
        const { width, height, data } = mask;
        const selected = inImage(positions, camera, width, height, (u, v) => data[Math.floor(v) * width + Math.floor(u)]);
        return through ? selected : front(selected, positions, camera, width, height, voxel);
    },
    lasso({ positions }, { frame = -1, camera, points, through = false }, scene) {
        const seen = camera ?? frameCamera(scene.cameras, frame);
        const [width, height] = camera ? camera.size : [scene.width, scene.height];
        const low = [0, 1].map((axis) => Math.max(0, Math.min(...points.map((point) => point[axis]))));
        const high = [0, 1].map((axis) => Math.min(1, Math.max(...points.map((point) => point[axis]))));
        const edges = points.map(([u0, v0], i) => {
            const [u1, v1] = points[(i + 1) % points.length];
            return [u0, v0, v1, (u1 - u0) / (v1 - v0)];
        }).filter(([, v0, v1]) => v0 !== v1); // prettier-ignore
        const inside = (column, row) => {
            const [u, v] = [column / width, row / height];
            if (u < low[0] || v < low[1] || u >= high[0] || v >= high[1]) return false;
            // Even-odd rule: edges met on the way to the right.
            let odd = false;
            for (const [u0, v0, v1, lean] of edges) if (v0 <= v !== v1 <= v && u < u0 + (v - v0) * lean) odd = !odd;
            return odd;
        };
        const selected = inImage(positions, seen, width, height, inside, [low[0] * width, low[1] * height, high[0] * width, high[1] * height]);
        return through ? selected : front(selected, positions, seen, width, height, scene.voxel);
    },
    plane({ positions }, { point, normal = null, distance }) {
        let [from, way] = [point, normal];
        if (!way) ({ from, way } = fittedPlane(positions, point, FIT_REACH * distance));
        const norm = Math.hypot(...way);
        const [a, b, c] = way.map((v) => v / norm);
        return each(positions, (x, y, z) => Math.abs((x - from[0]) * a + (y - from[1]) * b + (z - from[2]) * c) <= distance);
    },
    cluster: ({ positions }, { at, distance }) => connected(positions, at, distance),
    stroke({ positions }, { points, radius }) {
        const low = [0, 1, 2].map((axis) => Math.min(...points.map((point) => point[axis])) - 1.001 * radius);
        const high = [0, 1, 2].map((axis) => Math.max(...points.map((point) => point[axis])) + 1.001 * radius);
        const pieces = (points.length > 1 ? points.slice(1) : points).map(([u, v, w], i) => {
            const [a, b, c] = points[i];
            const way = [u - a, v - b, w - c];
            return [a, b, c, ...way, way[0] * way[0] + way[1] * way[1] + way[2] * way[2]];
        });
        return each(positions, (x, y, z) => {
            if (x < low[0] || y < low[1] || z < low[2] || x > high[0] || y > high[1] || z > high[2]) return false;
            for (const [a, b, c, u, v, w, length] of pieces) {
                let [p, q, r] = [x - a, y - b, z - c];
                if (length > 0) {
                    const share = Math.max(0, Math.min(1, (p * u + q * v + r * w) / length));
                    [p, q, r] = [p - share * u, q - share * v, r - share * w];
                }
                if (Math.sqrt(p ** 2 + q ** 2 + r ** 2) <= radius) return true;
            }
            return false;
        });
    },
    frames: ({ views }, { first, last }) => Uint8Array.from(views, (view) => Number(view >= first && view <= last)),
    clip: ({ views }, { clip }, scene) => Uint8Array.from(views, (view) => Number(view >= 0 && scene.clip[view] === clip)),
    union: (cloud, { of }, scene) => combined(cloud, of, scene, (a, b) => a | b),
    intersection: (cloud, { of }, scene) => combined(cloud, of, scene, (a, b) => a & b),
    sequence(cloud, { of }, scene) {
        const by = takenBy(cloud, of, scene);
        const mask = new Uint8Array(by.length);
        for (let p = 0; p < by.length; p++) if (by[p]) mask[p] = 1;
        return mask;
    },
};

/** Uint16Array (n): which of these selections takes a point, from 1, each choosing among what those before it left; 0: none does. */
export function takenBy(cloud, selections, scene) {
    const by = new Uint16Array(sizeOf(cloud));
    const left = new Uint8Array(by.length).fill(1);
    for (const [i, selection] of selections.entries()) {
        const more = spread(left, select(pointsUnder(cloud, left), selection, scene));
        for (let p = 0; p < by.length; p++) {
            if (!more[p]) continue;
            by[p] = i + 1;
            left[p] = 0;
        }
    }
    return by;
}

/** The points under a mask, as a cloud. */
export function pointsUnder({ positions, colors, views }, mask) {
    const n = countOf(mask);
    const part = { positions: new Float32Array(3 * n), colors: new Uint8Array(3 * n), views: new Int32Array(n) };
    for (let p = 0, to = 0; p < mask.length; p++) {
        if (!mask[p]) continue;
        for (let k = 0; k < 3; k++) {
            part.positions[3 * to + k] = positions[3 * p + k];
            part.colors[3 * to + k] = colors[3 * p + k];
        }
        part.views[to++] = views[p];
    }
    return part;
}

/** A mask of the points under another mask as one of all points. */
function spread(mask, part) {
    const whole = new Uint8Array(mask.length);
    for (let p = 0, from = 0; p < mask.length; p++) if (mask[p]) whole[p] = part[from++];
    return whole;
}

const remembered = new WeakMap(); // cloud -> its last "within" as text, and the mask: what is hidden is asked for again and again

/** What choose(cloud) takes of the points of a selection alone. */
function among(cloud, within, scene, choose) {
    const key = JSON.stringify(within);
    let last = remembered.get(cloud);
    if (last?.key !== key) {
        last = { key, mask: select(cloud, within, scene) };
        remembered.set(cloud, last);
    }
    return spread(last.mask, choose(pointsUnder(cloud, last.mask)));
}

function each(values, test) {
    const mask = new Uint8Array(values.length / 3);
    for (let p = 0, o = 0; p < mask.length; p++, o += 3) mask[p] = test(values[o], values[o + 1], values[o + 2]) ? 1 : 0;
    return mask;
}

function combined(cloud, parts, scene, join) {
    const [first, ...others] = parts.map((part) => select(cloud, part, scene));
    for (const other of others) for (let p = 0; p < first.length; p++) first[p] = join(first[p], other[p]);
    return first;
}

function frameCamera(cameras, frame) {
    const camera = cameras[frame < 0 ? frame + cameras.length : frame];
    if (!camera) throw new Error(`frame ${frame} of ${cameras.length}`);
    return camera;
}

/** Mask of the points before the camera, inside its image and this part of it (pixels), where test(u, v) of their pixels holds. */
function inImage(positions, { w2c, intrinsics }, width, height, test, [left, top, right, bottom] = [0, 0, width, height]) {
    const [a, b, c, tx, d, e, f, ty, g, h, i, tz] = w2c;
    const [fu, fv, cu, cv] = [intrinsics[0] * width, intrinsics[1] * height, intrinsics[2] * width, intrinsics[3] * height];
    // Most points are told outside before they are divided by their depth; a pixel more covers what is rounded.
    const [lowU, highU, lowV, highV] = [left - 1 - cu, right + 1 - cu, top - 1 - cv, bottom + 1 - cv];
    const mask = new Uint8Array(positions.length / 3);
    for (let p = 0, o = 0; p < mask.length; p++, o += 3) {
        const x = positions[o];
        const y = positions[o + 1];
        const t = positions[o + 2];
        const z = x * g + y * h + t * i + tz;
        if (!(z > 0)) continue;
        const across = (x * a + y * b + t * c + tx) * fu;
        if (!(across >= lowU * z && across <= highU * z)) continue;
        const down = (x * d + y * e + t * f + ty) * fv;
        if (!(down >= lowV * z && down <= highV * z)) continue;
        const u = (across + z * cu) / z;
        const v = (down + z * cv) / z;
        if (u >= 0 && v >= 0 && u < width && v < height && test(u, v)) mask[p] = 1;
    }
    return mask;
}

function front(selected, positions, camera, width, height, voxel) {
    return visiblePoints(positions, camera, width, height, voxel, selected);
}

/** Least-squares plane of the points within reach of one: a point of it and its normal, {from, way}. */
export function fittedPlane(positions, point, reach) {
    let count = 0;
    const sum = [0, 0, 0];
    const near = [];
    for (let o = 0; o < positions.length; o += 3) {
        const x = positions[o] - point[0];
        const y = positions[o + 1] - point[1];
        const z = positions[o + 2] - point[2];
        if (x * x + y * y + z * z > reach * reach) continue;
        const offset = [x, y, z];
        count++;
        near.push(offset);
        for (let axis = 0; axis < 3; axis++) sum[axis] += offset[axis];
    }
    if (count < 3) throw new Error("too few points to fit a plane");
    const middle = sum.map((v) => v / count);
    const m = [0, 0, 0, 0, 0, 0, 0, 0, 0];
    for (const offset of near) {
        const way = [offset[0] - middle[0], offset[1] - middle[1], offset[2] - middle[2]];
        for (let row = 0; row < 3; row++) for (let column = 0; column < 3; column++) m[3 * row + column] += way[row] * way[column];
    }
    return { from: point.map((v, axis) => v + middle[axis]), way: smallestAxis(m) };
}

/** Eigenvector of the smallest eigenvalue of a symmetric 3x3 matrix (9 numbers), by Jacobi rotations. */
export function smallestAxis(m) {
    const a = [m.slice(0, 3), m.slice(3, 6), m.slice(6, 9)];
    const v = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]; // prettier-ignore
    for (let sweep = 0; sweep < 50; sweep++) {
        for (const [p, q] of [
            [0, 1],
            [0, 2],
            [1, 2],
        ]) {
            // prettier-ignore
            if (a[p][q] === 0) continue;
            const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
            const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
            const cosine = 1 / Math.sqrt(t * t + 1);
            const sine = t * cosine;
            for (let k = 0; k < 3; k++) [a[k][p], a[k][q]] = [cosine * a[k][p] - sine * a[k][q], sine * a[k][p] + cosine * a[k][q]];
            for (let k = 0; k < 3; k++) [a[p][k], a[q][k]] = [cosine * a[p][k] - sine * a[q][k], sine * a[p][k] + cosine * a[q][k]];
            for (let k = 0; k < 3; k++) [v[k][p], v[k][q]] = [cosine * v[k][p] - sine * v[k][q], sine * v[k][p] + cosine * v[k][q]];
        }
    }
    const least = [0, 1, 2].reduce((best, k) => (a[k][k] < a[best][best] ? k : best), 0);
    return v.map((row) => row[least]);
}

/** Points that hang together with the one nearest to `at`: cells that hold points and touch. */
function connected(positions, at, size) {
    const n = positions.length / 3;
    const selected = new Uint8Array(n);
    let seed = -1;
    let closest = Infinity;
    for (let p = 0, o = 0; p < n; p++, o += 3) {
        const far = (positions[o] - at[0]) ** 2 + (positions[o + 1] - at[1]) ** 2 + (positions[o + 2] - at[2]) ** 2;
        if (far < closest) {
            closest = far;
            seed = p;
        }
    }
    if (seed < 0) return selected;
    let capacity = 16;
    while (capacity < 2 * n) capacity *= 2;
    const table = new Int32Array(capacity).fill(-1);
    const cells = new Int32Array(3 * n);
    const cellOf = new Int32Array(n);
    const slotOf = (x, y, z) => {
        let slot = (Math.imul(x, 0x9e3779b1) ^ Math.imul(y, 0x85ebca77) ^ Math.imul(z, 0xc2b2ae3d)) >>> 0;
        slot = (slot ^ (slot >>> 15)) & (capacity - 1);
        while (table[slot] >= 0) {
            const o = 3 * table[slot];
            if (cells[o] === x && cells[o + 1] === y && cells[o + 2] === z) break;
            slot = (slot + 1) & (capacity - 1);
        }
        return slot;
    };
    let found = 0;
    for (let p = 0, o = 0; p < n; p++, o += 3) {
        const [x, y, z] = [Math.floor(positions[o] / size), Math.floor(positions[o + 1] / size), Math.floor(positions[o + 2] / size)];
        const slot = slotOf(x, y, z);
        if (table[slot] < 0) {
            table[slot] = found;
            cells.set([x, y, z], 3 * found++);
        }
        cellOf[p] = table[slot];
    }
    const reached = new Uint8Array(found);
    const queue = new Int32Array(found);
    queue[0] = cellOf[seed];
    reached[queue[0]] = 1;
    for (let first = 0, last = 1; first < last; first++) {
        const o = 3 * queue[first];
        for (let step = 0; step < 27; step++) {
            const near = table[slotOf(cells[o] + Math.floor(step / 9) - 1, cells[o + 1] + (Math.floor(step / 3) % 3) - 1, cells[o + 2] + (step % 3) - 1)];
            if (near < 0 || reached[near]) continue;
            reached[near] = 1;
            queue[last++] = near;
        }
    }
    for (let p = 0; p < n; p++) selected[p] = reached[cellOf[p]];
    return selected;
}

/** [r, g, b] in 0..255 of a colour as edits have it. */
export function rgb(color) {
    if (Array.isArray(color)) return color;
    return [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
}
