// Planes round the place of removed points, and their continuation behind and under it: see spatia_core/cloud/fill.py.
import { countOf, smallestAxis } from "./edit_select.mjs";
import { MOST_NEW_POINTS, SAMPLE, borderOf, byteOf, holeOf, insideOf, pick, spread } from "./fill_holes.mjs";

const MOST_PLANES = 6;
const GUESSES = 300;

export function fillPlanes(kept, gone, cameras, place) {
    const holes = cameras.map((camera) => holeOf(kept.positions, gone.positions, camera, place)).filter(Boolean);
    const near = surroundings(kept.positions, holes, place);
    if (near.length < 12) throw new Error("not_surrounded");
    const around = Float64Array.from(pick(kept.positions, near));
    const shades = pick(kept.colors, near);
    const middle = place.low.map((v, axis) => (v + place.high[axis]) / 2);
    const away = holes.map(({ eye }) => Math.hypot(middle[0] - eye[3], middle[1] - eye[7], middle[2] - eye[11]));
    const tolerance = Math.max(2 * place.spacing, 0.01 * (away.length ? Math.min(...away) : 0));
    const planes = findPlanes(around, tolerance, place.spacing);
    if (!planes.length) throw new Error("not_flat");
    const offsets = planes.map((plane) => offsetsFrom(around, plane.middle, plane.normal));
    const owner = new Int8Array(near.length);
    for (let p = 0; p < owner.length; p++) for (let k = 1; k < planes.length; k++) if (Math.abs(offsets[k][p]) < Math.abs(offsets[owner[p]][p])) owner[p] = k;
    for (const hole of holes) {
        const border = borderOf(hole);
        const { index, column, row } = insideOf(around, hole.camera, hole.width, hole.height, [0, 0, hole.width, hole.height]);
        for (let i = 0; i < index.length; i++) if (border[row[i] * hole.width + column[i]]) owner[index[i]] = -1;
    }
    const made = { positions: [], colors: [] };
    const scene = { planes, around, shades, gone: gone.positions, holes, tolerance, ...place };
    for (let k = 0; k < planes.length; k++) continuePlane(k, offsets[k], owner, scene, made);
    return { positions: Float32Array.from(made.positions), colors: Uint8Array.from(made.colors) };
}

function surroundings(positions, holes, { low, high, across, spacing }) {
    const margin = Math.max(0.5 * across, 8 * spacing);
    const chosen = new Uint8Array(positions.length / 3);
    for (let p = 0, o = 0; p < chosen.length; p++, o += 3) {
        let inside = true;
        for (let axis = 0; axis < 3; axis++) inside &&= positions[o + axis] >= low[axis] - margin && positions[o + axis] <= high[axis] + margin;
        if (inside) chosen[p] = 1;
    }
    for (const { camera, width, height, window, back } of holes) {
        const { index, column, row, z } = insideOf(positions, camera, width, height, window);
        for (let i = 0; i < index.length; i++) if (z[i] <= 1.02 * back[row[i] * width + column[i]] + 3 * spacing) chosen[index[i]] = 1;
    }
    const near = [];
    for (let p = 0; p < chosen.length; p++) if (chosen[p]) near.push(p);
    return near;
}

/** Adds the new points of plane k to `made`. */
function continuePlane(k, offset, owner, scene, made) {
    const { planes, around, shades, gone, holes, tolerance, across, spacing } = scene;
    const plane = planes[k];
    const beyond = Math.max(4 * spacing, 0.5 * across);
    const grid = gridOf(plane.outline, beyond, spacing);
    const { low, wide, high } = grid;
    if (Math.floor((wide * high) / 4) > MOST_NEW_POINTS) throw new Error("not_so_many");
    const taken = new Uint8Array(wide * high);
    const count = new Int32Array(wide * high);
    const values = new Float64Array(4 * wide * high);
    const own = [];
    for (let p = 0, o = 0; p < owner.length; p++, o += 3) {
        if (Math.abs(offset[p]) > 2 * tolerance) continue;
        const mine = owner[p] === k && Math.abs(offset[p]) <= tolerance;
        if (mine) own.push(p);
        const cell = cellOf(placeOn(plane, around[o], around[o + 1], around[o + 2]), grid, spacing);
        if (cell < 0) continue;
        taken[cell] = 1;
        if (!mine) continue;
        count[cell]++;
        for (let c = 0; c < 3; c++) values[4 * cell + c] += shades[o + c];
        values[4 * cell + 3] += offset[p];
    }
    if (!own.length) return;
    const cuts = cutsOf(k, planes, pick(around, own), tolerance);
    const under = footprint(plane, gone, grid, tolerance, spacing);
    const [nodes, world] = [[], []];
    for (let cell = 0; cell < taken.length; cell++) {
        if (taken[cell]) continue;
        const flat = [((cell % wide) + low[0] + 0.5) * spacing, (Math.floor(cell / wide) + low[1] + 0.5) * spacing];
        if (!within(plane.outline, flat, beyond)) continue;
        const at = plane.middle.map((v, axis) => v + (flat[0] * plane.u[axis] + flat[1] * plane.v[axis]));
        if (cuts.some(({ other, sign }) => !(sign * offsetFrom(other, at) >= -0.5 * tolerance))) continue;
        nodes.push({ cell, flat, covered: Boolean(under?.[cell]) && within(plane.outline, flat, 4 * spacing) });
        world.push(...at);
    }
    for (const hole of holes) shadowed(world, nodes, k, planes, hole, tolerance, [4 * spacing, beyond]);
    if (!nodes.some((node) => node.covered)) return;
    const known = Uint8Array.from(count, (n) => (n ? 1 : 0));
    if (!known.some((flag) => flag)) return;
    for (let i = 0; i < values.length; i++) values[i] /= Math.max(1, count[i >> 2]);
    const filled = spread(values, known, wide, high, 4);
    for (let i = 0; i < nodes.length; i++) {
        if (!nodes[i].covered) continue;
        const from = 4 * nodes[i].cell;
        for (let axis = 0; axis < 3; axis++) made.positions.push(world[3 * i + axis] + filled[from + 3] * plane.normal[axis]);
        for (let c = 0; c < 3; c++) made.colors.push(byteOf(filled[from + c]));
        if (made.positions.length > 3 * MOST_NEW_POINTS) throw new Error("not_so_many");
    }
}

const offsetFrom = ({ middle, normal }, [x, y, z]) => (x - middle[0]) * normal[0] + (y - middle[1]) * normal[1] + (z - middle[2]) * normal[2];

function gridOf(outline, beyond, spacing) {
    const low = [0, 1].map((axis) => Math.floor((Math.min(...outline.map((corner) => corner[axis])) - beyond) / spacing));
    const [wide, high] = [0, 1].map((axis) => Math.floor((Math.max(...outline.map((corner) => corner[axis])) + beyond) / spacing) - low[axis] + 1);
    return { low, wide, high };
}

/** Number of a place's cell in the grid, -1 outside. */
function cellOf(flat, { low, wide, high }, spacing) {
    const [column, row] = [Math.floor(flat[0] / spacing) - low[0], Math.floor(flat[1] / spacing) - low[1]];
    return column >= 0 && row >= 0 && column < wide && row < high ? row * wide + column : -1;
}

/** The other planes that this plane's own points end at, with the side on which they lie. */
function cutsOf(k, planes, own, tolerance) {
    return planes.flatMap((other, j) => {
        if (j === k) return [];
        const sides = offsetsFrom(own, other.middle, other.normal);
        return [1, -1].filter((sign) => sides.reduce((sum, side) => sum + (sign * side >= -tolerance ? 1 : 0), 0) / sides.length >= 0.98).map((sign) => ({ other, sign })); // prettier-ignore
    });
}

/** Uint8Array by cell: what the removed points stood on, or beside; null where they do not touch the plane. */
function footprint(plane, gone, grid, tolerance, spacing) {
    const away = offsetsFrom(gone, plane.middle, plane.normal);
    if (!away.some((far) => Math.abs(far) <= 1.5 * tolerance)) return null;
    const { wide, high } = grid;
    const under = new Uint8Array(wide * high);
    for (let o = 0; o < gone.length; o += 3) {
        const cell = cellOf(placeOn(plane, gone[o], gone[o + 1], gone[o + 2]), grid, spacing);
        if (cell < 0) continue;
        const [row, column] = [Math.floor(cell / wide), cell % wide];
        for (let y = Math.max(0, row - 1); y <= Math.min(high - 1, row + 1); y++) {
            for (let x = Math.max(0, column - 1); x <= Math.min(wide - 1, column + 1); x++) under[y * wide + x] = 1;
        }
    }
    return under;
}

/** Marks as covered the places of plane k that the removed points hid from this camera, and no other plane hides now. */
function shadowed(world, nodes, k, planes, { camera, width, height, front, eye }, tolerance, margins) {
    const from = [eye[3], eye[7], eye[11]];
    const { index, column, row, z } = insideOf(world, camera, width, height, [0, 0, width, height]);
    for (let i = 0; i < index.length; i++) {
        const node = nodes[index[i]];
        const near = front[row[i] * width + column[i]];
        if (node.covered || !(near > 0 && z[i] >= near - 2 * tolerance)) continue;
        const way = [0, 1, 2].map((axis) => world[3 * index[i] + axis] - from[axis]);
        const outside = !within(planes[k].outline, node.flat, margins[0]);
        node.covered = planes.every((other, j) => {
            if (j === k) return true;
            const share = -offsetFrom(other, from) / (way[0] * other.normal[0] + way[1] * other.normal[1] + way[2] * other.normal[2]);
            const depth = share * z[i];
            const behind = share > 0 && depth >= near - 2 * tolerance;
            if (!(behind && (outside || depth < z[i] - 2 * tolerance))) return true;
            const flat = placeOn(other, from[0] + share * way[0], from[1] + share * way[1], from[2] + share * way[2]);
            return !within(other.outline, flat, 0) && !(outside && share > 1 && within(other.outline, flat, margins[1]));
        });
    }
}

// --- finding planes ---

function offsetsFrom(points, [x, y, z], [a, b, c]) {
    const offsets = new Float64Array(points.length / 3);
    for (let p = 0, o = 0; p < offsets.length; p++, o += 3) offsets[p] = (points[o] - x) * a + (points[o + 1] - y) * b + (points[o + 2] - z) * c;
    return offsets;
}

const placeOn = ({ middle, u, v }, x, y, z) => {
    const [a, b, c] = [x - middle[0], y - middle[1], z - middle[2]];
    return [a * u[0] + b * u[1] + c * u[2], a * v[0] + b * v[1] + c * v[2]];
};

function findPlanes(around, tolerance, spacing) {
    const every = Math.max(1, Math.floor(around.length / 3 / SAMPLE));
    const points = pick(
        around,
        Array.from({ length: Math.ceil(around.length / 3 / every) }, (_, k) => k * every),
    );
    const guesses = flatCells(points, Math.max(6 * spacing, 2 * tolerance), tolerance);
    const count = points.length / 3;
    const least = Math.max(12, Math.floor(count / 25));
    let left = Uint8Array.from({ length: count }, () => 1);
    const planes = [];
    for (let turn = 0; turn < 4 * MOST_PLANES && guesses.length && planes.length < MOST_PLANES; turn++) {
        const rest = pick(points, [...left.keys()].filter((p) => left[p])); // prettier-ignore
        let [best, most] = [0, -1];
        for (const [k, { middle, normal }] of guesses.entries()) {
            const fitting = countNear(rest, middle, normal, tolerance);
            if (fitting > most) [best, most] = [k, fitting];
        }
        if (most < least) break;
        let [{ middle, normal }] = guesses.splice(best, 1);
        for (let k = 0; k < 2; k++) {
            const offsets = offsetsFrom(rest, middle, normal);
            ({ middle, normal } = fit(pick(rest, [...offsets.keys()].filter((p) => Math.abs(offsets[p]) <= tolerance)))); // prettier-ignore
        }
        const offsets = offsetsFrom(points, middle, normal);
        const inliers = [...offsets.keys()].filter((p) => left[p] && Math.abs(offsets[p]) <= tolerance);
        const beside = countOf(left.map((flag, p) => (flag && Math.abs(offsets[p]) <= 3 * tolerance ? 1 : 0)));
        left = left.map((flag, p) => (Math.abs(offsets[p]) <= 1.5 * tolerance ? 0 : flag));
        const again = planes.some((plane) => Math.abs(dot(normal, plane.normal)) > 0.966 && Math.abs(offsetFrom(plane, middle)) <= 4 * tolerance);
        if (inliers.length >= Math.max(least, 0.6 * beside) && !again) planes.push(planeOf(middle, normal, pick(points, inliers)));
    }
    return planes;
}

function countNear(points, [x, y, z], [a, b, c], tolerance) {
    let count = 0;
    for (let o = 0; o < points.length; o += 3) if (Math.abs((points[o] - x) * a + (points[o + 1] - y) * b + (points[o + 2] - z) * c) <= tolerance) count++;
    return count;
}

function flatCells(points, edge, tolerance) {
    const cells = new Map();
    for (let p = 0, o = 0; o < points.length; p++, o += 3) {
        const cell = [0, 1, 2].map((axis) => Math.floor(points[o + axis] / edge));
        const key = cell.join();
        if (!cells.has(key)) cells.set(key, { cell, index: [] });
        cells.get(key).index.push(p);
    }
    const ordered = [...cells.values()].sort(({ cell: a }, { cell: b }) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
    const flat = [];
    for (const { index } of ordered) {
        if (index.length < 8) continue;
        const fitted = fit(pick(points, index));
        if (fitted.least <= (tolerance / 2) ** 2 && fitted.second >= (0.1 * edge) ** 2) flat.push(fitted);
    }
    const every = Math.ceil(flat.length / GUESSES) || 1;
    return flat.filter((_, k) => k % every === 0);
}

/** The least-squares plane of points: {middle, normal, least, second}, the two smaller mean squares across it. */
function fit(points) {
    const n = points.length / 3;
    const middle = [0, 0, 0];
    for (let k = 0; k < points.length; k++) middle[k % 3] += points[k];
    for (let axis = 0; axis < 3; axis++) middle[axis] /= n;
    const m = new Array(9).fill(0);
    for (let o = 0; o < points.length; o += 3) {
        const way = [points[o] - middle[0], points[o + 1] - middle[1], points[o + 2] - middle[2]];
        for (let row = 0; row < 3; row++) for (let column = 0; column < 3; column++) m[3 * row + column] += (way[row] * way[column]) / n;
    }
    let normal = smallestAxis(m);
    const largest = [0, 1, 2].reduce((best, k) => (Math.abs(normal[k]) > Math.abs(normal[best]) ? k : best), 0);
    if (!(normal[largest] > 0)) normal = normal.map((v) => -v);
    const least = [0, 1, 2].reduce((sum, row) => sum + normal[row] * (m[3 * row] * normal[0] + m[3 * row + 1] * normal[1] + m[3 * row + 2] * normal[2]), 0);
    // The other two squares by their sum and product.
    const sum = m[0] + m[4] + m[8] - least;
    const product = m[0] * m[4] - m[1] ** 2 + m[0] * m[8] - m[2] ** 2 + m[4] * m[8] - m[5] ** 2 - least * sum;
    return { middle, normal, least, second: (sum - Math.sqrt(Math.max(0, sum ** 2 - 4 * product))) / 2 };
}

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

function planeOf(middle, normal, inliers) {
    const axis = [0, 0, 0];
    axis[normal.findIndex((v) => Math.abs(v) < 0.6)] = 1;
    const across = cross(normal, axis);
    const u = across.map((v) => v / Math.hypot(...across));
    const plane = { middle, normal, u, v: cross(normal, u) };
    const flat = [];
    for (let o = 0; o < inliers.length; o += 3) flat.push(placeOn(plane, inliers[o], inliers[o + 1], inliers[o + 2]));
    return { ...plane, outline: convexHull(flat) };
}

function convexHull(points) {
    const ordered = points.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
    return [ordered, ordered.toReversed()].flatMap((way) => {
        const half = [];
        for (const [x, y] of way) {
            while (half.length > 1) {
                const [[x0, y0], [x1, y1]] = half.slice(-2);
                if ((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) > 0) break;
                half.pop();
            }
            half.push([x, y]);
        }
        return half.slice(0, -1);
    });
}

/** Is a place inside the outline, or at most `margin` beyond one of its edges? */
function within(outline, [x, y], margin) {
    for (let k = 0; k < outline.length; k++) {
        const [start, end] = [outline[k], outline[k + 1 < outline.length ? k + 1 : 0]];
        const [dx, dy] = [end[0] - start[0], end[1] - start[1]];
        const length = Math.max(Math.sqrt(dx * dx + dy * dy), 1e-12);
        if (!((dx / length) * (y - start[1]) - (dy / length) * (x - start[0]) >= -margin)) return false;
    }
    return true;
}
