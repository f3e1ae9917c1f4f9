// Edits of a cloud, as spatia_core/cloud/edit.py makes them. Tests compare the two on clouds and edits made by Python.
//
//   cloud   {positions: Float32Array (n * 3), colors: Uint8Array (n * 3), views: Int32Array (n)}, world, scene units;
//           Replay adds marks: Uint8Array (n), and sheet: {positions, colors}, the arrays that a screen has of it, with
//           places: Uint32Array (n), where each of its points lies in them, null for each at its own; removing keeps the sheet
//   scene   {cameras, width, height, voxel, clip, mask: {width, height, data} | null, other: cloud | null, files: {name: cloud}}
import { fillRemoved } from "./edit_fill.mjs";
import { boundsOf, countOf, rgb, rotationOfDegrees, select, sizeOf } from "./edit_select.mjs";

// --- edits: (cloud, edit, mask, scene) -> {cloud, count, bounds, changed} ---
//     bounds: of what is moved, copied or inserted, where it was before; changed: which points of the new cloud it touched

const OPERATIONS = {
    remove(cloud, { fill }, mask, scene) {
        const left = subset(cloud, mask, 0);
        const count = sizeOf(cloud) - sizeOf(left);
        if (!fill || !count) return { cloud: { ...left, sheet: cloud.sheet, places: placesOf(cloud, mask, left) }, count };
        const filled = fillRemoved(left, subset(cloud, mask, 1), fill, scene);
        const joined = concat([left, unseen(filled)]);
        return { cloud: joined, count, changed: tail(joined, left) };
    },
    recolor(cloud, { color, mode = "solid", strength = 1 }, mask) {
        const colors = cloud.colors.slice();
        const goal = rgb(color);
        for (let p = 0, o = 0; p < mask.length; p++, o += 3) {
            if (!mask[p]) continue;
            // Rec. 601 luma keeps the shading; the colour itself belongs to white.
            const shade = mode === "tint" ? (0.299 * colors[o] + 0.587 * colors[o + 1] + 0.114 * colors[o + 2]) / 255 : 1;
            for (let k = o; k < o + 3; k++) colors[k] = rounded(colors[k] + strength * (goal[k - o] * shade - colors[k]));
        }
        return { cloud: fresh({ ...cloud, colors, views: withoutView(cloud.views, mask) }), count: countOf(mask), changed: mask };
    },
    transform(cloud, edit, mask) {
        const positions = cloud.positions.slice();
        const bounds = boundsOf(positions, mask);
        if (bounds) move(positions, edit, bounds, mask);
        return { cloud: fresh({ ...cloud, positions, views: withoutView(cloud.views, mask) }), count: countOf(mask), bounds, changed: mask };
    },
    duplicate(cloud, { offset, copies = 1 }, mask) {
        const part = subset(cloud, mask, 1);
        part.views.fill(-1);
        part.marks.fill(0);
        const parts = [cloud];
        for (let k = 1; k <= copies; k++) parts.push({ ...part, positions: part.positions.map((v, i) => v + k * offset[i % 3]) });
        const joined = concat(parts);
        return { cloud: joined, count: sizeOf(part), bounds: boundsOf(cloud.positions, mask), changed: tail(joined, cloud) };
    },
    merge(cloud, edit, mask, scene) {
        const other = edit.file ? scene.files[edit.file] : scene.other;
        if (!other) throw new Error(edit.file ? "not_loaded" : "not_connected");
        const positions = other.positions.slice();
        const bounds = boundsOf(positions);
        if (bounds) move(positions, edit, bounds);
        const joined = concat([cloud, unseen({ positions, colors: other.colors })]);
        return { cloud: joined, count: sizeOf(other), bounds, changed: tail(joined, cloud), note: edit.register ? "not_registered" : null };
    },
};

export const selects = (edit) => edit.do !== "merge";

/** Where a transform or merge turns about: its pivot, or the middle of what it moves. */
export const pivotOf = ({ pivot = "center" }, bounds) => (pivot === "center" ? bounds.low.map((v, axis) => (v + bounds.high[axis]) / 2) : pivot);

export const scaleOf = ({ scale = 1 }) => (Array.isArray(scale) ? scale : [scale, scale, scale]);

function move(positions, edit, bounds, mask) {
    const { move: [mx, my, mz] = [0, 0, 0], rotate = [0, 0, 0] } = edit;
    const R = rotationOfDegrees(rotate);
    const [px, py, pz] = pivotOf(edit, bounds);
    const [sx, sy, sz] = scaleOf(edit);
    for (let p = 0, o = 0; o < positions.length; p++, o += 3) {
        if (mask && !mask[p]) continue;
        const x = (positions[o] - px) * sx;
        const y = (positions[o + 1] - py) * sy;
        const z = (positions[o + 2] - pz) * sz;
        positions[o] = x * R[0] + y * R[1] + z * R[2] + px + mx;
        positions[o + 1] = x * R[3] + y * R[4] + z * R[5] + py + my;
        positions[o + 2] = x * R[6] + y * R[7] + z * R[8] + pz + mz;
    }
}

/** Rounded as numpy and torch do, halves to even, within a byte. */
function rounded(value) {
    const floor = Math.floor(value);
    const rest = value - floor;
    const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
    return Math.max(0, Math.min(255, up ? floor + 1 : floor));
}

function withoutView(views, mask) {
    const without = views.slice();
    for (let p = 0; p < mask.length; p++) if (mask[p]) without[p] = -1;
    return without;
}

const blank = (n) => ({ positions: new Float32Array(3 * n), colors: new Uint8Array(3 * n), views: new Int32Array(n), marks: new Uint8Array(n) });

/** A cloud that a screen has to be sent anew: its points are no longer those of another one's sheet. */
const fresh = (cloud) => ({ ...cloud, sheet: { positions: cloud.positions, colors: cloud.colors }, places: null });

/** The points whose flag in the mask is `wanted` (0 or 1). */
export function subset(cloud, mask, wanted) {
    const n = wanted ? countOf(mask) : mask.length - countOf(mask);
    const part = blank(n);
    const { positions, colors, views, marks } = part;
    for (let p = 0, to = 0, o = 0; to < n; p++) {
        if (mask[p] !== wanted) continue;
        const from = 3 * p;
        positions[o] = cloud.positions[from];
        colors[o++] = cloud.colors[from];
        positions[o] = cloud.positions[from + 1];
        colors[o++] = cloud.colors[from + 1];
        positions[o] = cloud.positions[from + 2];
        colors[o++] = cloud.colors[from + 2];
        marks[to] = cloud.marks[p];
        views[to++] = cloud.views[p];
    }
    return part;
}

function placesOf(cloud, mask, left) {
    const places = new Uint32Array(sizeOf(left));
    for (let p = 0, to = 0; to < places.length; p++) if (!mask[p]) places[to++] = cloud.places ? cloud.places[p] : p;
    return places;
}

function concat(clouds) {
    const n = clouds.reduce((sum, cloud) => sum + sizeOf(cloud), 0);
    const whole = blank(n);
    let at = 0;
    for (const cloud of clouds) {
        whole.positions.set(cloud.positions, 3 * at);
        whole.colors.set(cloud.colors, 3 * at);
        whole.views.set(cloud.views, at);
        whole.marks.set(cloud.marks, at);
        at += sizeOf(cloud);
    }
    return fresh(whole);
}

/** Points that came from no frame. */
const unseen = ({ positions, colors }) => ({
    positions,
    colors,
    views: new Int32Array(positions.length / 3).fill(-1),
    marks: new Uint8Array(positions.length / 3),
});

const tail = (joined, before) => new Uint8Array(sizeOf(joined)).fill(1, sizeOf(before));

const KEPT_MASKS = 24;

/**
 * Applies lists of edits to one cloud, again and again: what did not change since the last time is not computed again.
 * run(edits, {selection, current}) -> {cloud, counts, failures, selected, bounds}
 *   cloud: with marks, 1 on the points that edit number `current` touched; bounds: of what that edit moves, copies or
 *   inserts, before it does; counts: per edit, null where it is off or failed; failures: per edit, a message or null;
 *   selected: mask of the selection in the edited cloud, null without one.
 * An edit that fails is left out here. The node refuses the whole list.
 */
export class Replay {
    constructor(base, scene) {
        this.base = fresh({ ...base, marks: new Uint8Array(sizeOf(base)) });
        this.scene = scene;
        this.masks = new Map();
        this.kept = []; // states before and after the current edit of the list that was applied last: {key, length, state}
        this.last = null; // {key, state} of that list
    }

    run(edits, { selection = null, current = -1 } = {}) {
        const key = JSON.stringify([edits, current]);
        if (this.last?.key !== key) this.last = { key, state: this.apply(edits, current) };
        const { state } = this.last;
        return { ...state, selected: selection && this.mask(state.cloud, edits, selection) };
    }

    apply(edits, current) {
        const begin = this.begin(edits, current < 0 ? edits.length : Math.min(current, edits.length));
        let { cloud } = begin.state;
        const [counts, failures] = [[...begin.state.counts], [...begin.state.failures]];
        const keep = (length) => ({ key: JSON.stringify(edits.slice(0, length)), length, state: { cloud, counts: [...counts], failures: [...failures] } });
        let bounds = null;
        this.kept = [];
        for (let i = begin.length; i < edits.length; i++) {
            const edit = edits[i];
            // While one edit is dragged, those before it stay as they are.
            if (i === current) this.kept.push(keep(i));
            let failure = null;
            let count = null;
            if (!edit.off) {
                try {
                    if (!OPERATIONS[edit.do]) throw new Error(`"${edit.do}" is no edit`);
                    const mask = selects(edit) ? this.mask(cloud, edits.slice(0, i), edit.select ?? { shape: "all" }) : null;
                    const done = OPERATIONS[edit.do](cloud, edit, mask, this.scene);
                    cloud = done.cloud;
                    count = done.count;
                    failure = done.note ?? null;
                    if (i === current) {
                        bounds = done.bounds ?? null;
                        cloud = { ...cloud, marks: done.changed ? done.changed.slice() : new Uint8Array(sizeOf(cloud)) };
                    }
                } catch (error) {
                    failure = error.message;
                }
            }
            counts.push(count);
            failures.push(failure);
        }
        // The next edit begins where this list ends.
        this.kept.push(keep(edits.length));
        return { cloud, counts, failures, bounds };
    }

    /** The state to go on from: the last kept one before `reach` that these edits begin with, its points unmarked. */
    begin(edits, reach) {
        const fits = ({ key, length }) => length <= reach && key === JSON.stringify(edits.slice(0, length));
        const found = this.kept.findLast(fits);
        if (!found) return { length: 0, state: { cloud: this.base, counts: [], failures: [] } };
        const { cloud, ...told } = found.state;
        return { length: found.length, state: { ...told, cloud: { ...cloud, marks: new Uint8Array(sizeOf(cloud)) } } };
    }

    /** Bytes of the arrays that are held here and in what was made last. */
    bytes(last) {
        const { other, files } = this.scene;
        const clouds = [this.base, ...this.kept.map((kept) => kept.state.cloud), last.cloud, other, ...Object.values(files)].filter(Boolean);
        const arrays = clouds.flatMap((cloud) => [cloud.positions, cloud.colors, cloud.views, cloud.marks, cloud.places, ...Object.values(cloud.sheet ?? {})]);
        const buffers = new Set([...arrays, ...this.masks.values()].filter(Boolean).map((array) => array.buffer));
        return [...buffers].reduce((sum, buffer) => sum + buffer.byteLength, 0);
    }

    /** Mask of a selection in the cloud that these edits made. */
    mask(cloud, edits, selection) {
        const key = JSON.stringify([edits.filter((edit) => !edit.off), selection]);
        const mask = this.masks.get(key) ?? select(cloud, selection, this.scene);
        this.masks.delete(key);
        this.masks.set(key, mask);
        if (this.masks.size > KEPT_MASKS) this.masks.delete(this.masks.keys().next().value);
        return mask;
    }
}
