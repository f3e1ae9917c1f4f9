// The list of edits as the node keeps it: JSON text in its edits widget, the same form that Python replays without a page.
import { NODE_SHAPES } from "./node_edits.mjs";

const DIGITS = 7; // significant ones, of what a mouse makes

export const KINDS = ["remove", "recolor", "transform", "duplicate", "merge"];
export const SELECTION_MODES = ["new", "add", "subtract", "intersect"];

/** Edits of a text: a list, or a single edit; empty text is none. Throws on what is no such list. */
export function parseEdits(text) {
    if (!text.trim()) return [];
    const parsed = JSON.parse(text);
    const edits = Array.isArray(parsed) ? parsed : [parsed];
    for (const [i, edit] of edits.entries()) {
        if (typeof edit !== "object" || edit === null || !KINDS.includes(edit.do)) throw new Error(`edit ${i + 1} has no "do" of ${KINDS.join(", ")}`);
    }
    return edits;
}

/** One edit per line, so that the widget can be read. */
export function formatEdits(edits) {
    return edits.length ? `[\n${edits.map((edit) => `  ${JSON.stringify(edit)}`).join(",\n")}\n]` : "";
}

/** A number as edits keep it, without the noise of the last digits. */
export const neat = (value, digits = DIGITS) => Number(value.toPrecision(digits)) || 0;
export const neatAll = (values, digits) => values.map((value) => neat(value, digits));

/** One selection of several drawn ones, in order: [{mode, shape}, ...]; null for none. */
export function combine(parts) {
    let whole = null;
    for (const { mode, shape } of parts) {
        if (mode === "new" || !whole) whole = mode === "subtract" ? opposite(shape) : shape;
        else if (mode === "add") whole = joined("union", whole, shape);
        else if (mode === "subtract") whole = joined("intersection", whole, opposite(shape));
        // A cluster grows inside what is selected already, and not through what is not.
        else if (shape.shape === "cluster") whole = within(shape, whole);
        else whole = joined("intersection", whole, shape);
    }
    return whole;
}

/** The selection of everything else. */
export function opposite(shape) {
    const { invert, ...rest } = shape;
    return invert ? rest : { ...rest, invert: true };
}

/** A selection as it is among these points alone. */
function within(shape, points) {
    return shape.within || shape.invert ? { shape: "union", of: [shape], within: points } : { ...shape, within: points };
}

/** A selection as it is when those of `taken` are away, each of which was chosen when those before it were. */
export function apartFrom(taken, shape) {
    if (!shape || !taken.length) return shape;
    return within(shape, opposite(taken.length > 1 ? { shape: "sequence", of: taken } : taken[0]));
}

function joined(kind, a, b) {
    return a.shape === kind && !a.invert ? { shape: kind, of: [...a.of, b] } : { shape: kind, of: [a, b] };
}

/** What a selection is made of, for people: ["box", "lasso", ...], each once. */
export function shapesOf(selection) {
    if (!selection) return [];
    if (selection.of) return [...new Set(selection.of.flatMap(shapesOf))];
    // What a selection keeps out is no part of it.
    const inside = selection.within && !selection.within.invert ? shapesOf(selection.within) : [];
    return [...new Set([selection.shape, ...inside])];
}

/** The edit that the node's other widgets describe, null for none. value(name): of the widget, "operation.move_x" and so on. */
export function ownEdit(value) {
    const kind = value("operation");
    if (!kind || kind === "none") return null;
    const vector = (name) => ["x", "y", "z"].map((axis) => value(`${name}_${axis}`));
    const edit = { do: kind === "register" ? "merge" : kind };
    if (edit.do !== "merge") {
        const shape = value("select");
        const select = { shape: { "largest cluster": "dbscan", "largest plane": "ransac_plane" }[shape] ?? shape };
        for (const [key, field] of Object.entries(NODE_SHAPES[select.shape] ?? {})) select[key] = value(`select.${field}`);
        if (shape === "box") Object.assign(select, { center: vector("select.center"), size: vector("select.size"), rotation: vector("select.rotation") });
        else if (shape === "sphere") Object.assign(select, { center: vector("select.center"), radius: value("select.radius") });
        else if (shape === "mask") Object.assign(select, { frame: value("select.mask_frame"), through: value("select.through") });
        else if (shape === "color") Object.assign(select, { color: value("select.near_color"), tolerance: value("select.tolerance") });
        edit.select = value("invert") ? { ...select, invert: true } : select;
    }
    if (kind === "recolor") for (const name of ["color", "mode", "strength"]) edit[name] = value(`operation.${name}`);
    if (kind === "transform" || edit.do === "merge") {
        Object.assign(edit, { move: vector("operation.move"), rotate: vector("operation.rotate"), scale: value("operation.scale") });
    }
    if (kind === "register") edit.register = value("operation.reach");
    if (kind === "duplicate") Object.assign(edit, { offset: vector("operation.offset"), copies: value("operation.copies") });
    return edit;
}

/** Corners of a drawn line that are at least `gap` pixels apart, as parts of a rectangle's sides: [[u, v], ...]. */
export function polygonOf(line, { left, top, width, height }, gap = 2) {
    const kept = [];
    for (const [x, y] of line) {
        if (kept.length && Math.hypot(x - kept.at(-1)[0], y - kept.at(-1)[1]) < gap) continue;
        kept.push([x, y]);
    }
    return kept.map(([x, y]) => [neat((x - left) / width, 5), neat((y - top) / height, 5)]);
}

/** The fewest of a line's points, in any number of dimensions, from which no other is farther than the tolerance (Douglas and Peucker). */
export function simplified(line, tolerance) {
    if (line.length < 3) return [...line];
    const keep = new Uint8Array(line.length);
    keep[0] = keep[line.length - 1] = 1;
    const open = [[0, line.length - 1]];
    while (open.length) {
        const [first, last] = open.pop();
        let [worst, at] = [tolerance, -1];
        for (let i = first + 1; i < last; i++) {
            const far = distanceToPiece(line[i], line[first], line[last]);
            if (far > worst) [worst, at] = [far, i];
        }
        if (at < 0) continue;
        keep[at] = 1;
        open.push([first, at], [at, last]);
    }
    return line.filter((_, i) => keep[i]);
}

function distanceToPiece(point, from, to) {
    const way = to.map((v, k) => v - from[k]);
    const offset = point.map((v, k) => v - from[k]);
    const length = way.reduce((sum, v) => sum + v * v, 0);
    const share = length > 0 ? Math.max(0, Math.min(1, way.reduce((sum, v, k) => sum + v * offset[k], 0) / length)) : 0;
    return Math.hypot(...offset.map((v, k) => v - share * way[k]));
}

/** What a brush painted: one stroke per stretch without a jump of the surface. dabs: its places on the surface, close together. */
export function strokesOf(dabs, radius) {
    const stretches = [];
    for (const at of dabs) {
        const last = stretches.at(-1);
        if (last && Math.hypot(...at.map((v, axis) => v - last.at(-1)[axis])) <= 2 * radius) last.push(at);
        else stretches.push([at]);
    }
    const strokes = stretches.map((line) => ({ shape: "stroke", points: simplified(line, 0.1 * radius).map((at) => neatAll(at)), radius }));
    return strokes.length > 1 ? { shape: "union", of: strokes } : (strokes[0] ?? null);
}
