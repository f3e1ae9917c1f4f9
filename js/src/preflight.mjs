// What can be said of a path before anything is generated: how much of each frame the memory knows, and warnings.
import { distance, invertPose, position, subtract, turnBetween } from "./matrix.mjs";

export const TURN_LIMIT = 3; // degrees per frame; the clips that the network learned from turn slower
export const KNOWN_SHARE = 0.25; // of the picture; below, the clip is mostly invention
const WALL_CELL = 0.03; // of the depth: as thick as a wall is taken to be
const WALL_POINTS = 3; // in a cell, so that a stray point is no wall

/** Which cells of space hold a surface. depth: scene units, sets the size of a cell. */
export class Occupancy {
    constructor(positions, depth) {
        this.cell = WALL_CELL * depth;
        this.counts = new Map();
        for (let o = 0; o < positions.length; o += 3) {
            const key = this.key(positions[o], positions[o + 1], positions[o + 2]);
            this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
        }
    }

    // 17 bits per axis round the origin, in one exact double.
    key(x, y, z) {
        const index = (value) => Math.max(0, Math.min(131071, Math.floor(value / this.cell) + 65536));
        return (index(x) * 131072 + index(y)) * 131072 + index(z);
    }

    /** Whether the way from a to b passes through a surface. */
    blocked(a, b) {
        const steps = Math.max(1, Math.ceil((2 * distance(a, b)) / this.cell));
        const way = subtract(b, a);
        for (let i = 0; i <= steps; i++) {
            const [x, y, z] = a.map((v, axis) => v + (i / steps) * way[axis]);
            if ((this.counts.get(this.key(x, y, z)) ?? 0) >= WALL_POINTS) return true;
        }
        return false;
    }
}

/**
 * Warnings of a path: [{kind, from, to}] over frame ranges.
 * kind: "wall" (the camera passes through a surface), "turn" (it turns too fast), "unknown" (it sees little of the
 * scene), "open" (a path that comes back nearly, but not exactly, to the pose a closed loop ends on).
 * @param {any[]} path cameras
 * @param {{occupancy?: Occupancy, coverage?: number[], loop?: any, depth?: number}} facts coverage: per frame,
 *   undefined where not measured yet; loop: the camera a closed loop must end on; depth: scene units, of the subject
 */
export function warningsOf(path, { occupancy, coverage = [], loop, depth = 1 } = {}) {
    const poses = path.map((camera) => invertPose(camera.w2c));
    const frames = { wall: [], turn: [], unknown: [] };
    for (let i = 1; i < path.length; i++) {
        if (occupancy?.blocked(position(poses[i - 1]), position(poses[i]))) frames.wall.push(i);
        if (turnBetween(poses[i - 1], poses[i]) > TURN_LIMIT) frames.turn.push(i);
    }
    path.forEach((_, i) => coverage[i] < KNOWN_SHARE && frames.unknown.push(i));
    const warnings = Object.entries(frames).flatMap(([kind, list]) => ranges(list).map(([from, to]) => ({ kind, from, to })));
    if (loop && nearlyClosed(path, poses, loop, depth)) warnings.push({ kind: "open", from: path.length - 1, to: path.length - 1 });
    return warnings.sort((a, b) => a.from - b.from);
}

export function sameCamera(a, b) {
    const near = (p, q) => p.every((v, i) => Math.abs(v - q[i]) < 1e-6);
    return near(a.w2c, b.w2c) && near(a.intrinsics, b.intrinsics);
}

/** Whether a path went away and came back to about the goal, so that its maker will have meant the goal itself. */
function nearlyClosed(path, poses, goal, depth) {
    if (sameCamera(path.at(-1), goal)) return false;
    const end = invertPose(goal.w2c);
    const gap = distance(position(poses.at(-1)), position(end));
    const turn = turnBetween(poses.at(-1), end);
    const farthest = Math.max(...poses.map((pose) => distance(position(pose), position(end))));
    const widest = Math.max(...poses.map((pose) => turnBetween(pose, end)));
    return gap < 0.15 * depth && turn < 15 && (farthest > 3 * gap || widest > 3 * turn);
}

/** Runs of frames at most `gap` apart, as [first, last]. */
function ranges(frames, gap = 2) {
    const runs = [];
    for (const frame of frames) {
        if (runs.length && frame - runs.at(-1)[1] <= gap) runs.at(-1)[1] = frame;
        else runs.push([frame, frame]);
    }
    return runs;
}

/**
 * Height (world y, which points down) of the ground under a place, null where none is known: the lower surface of
 * what lies below the eye within a few steps to each side.
 */
export function groundBelow(positions, place, depth) {
    const reach = 0.15 * depth;
    const heights = [];
    for (let o = 0; o < positions.length; o += 3) {
        const aside = Math.hypot(positions[o] - place[0], positions[o + 2] - place[2]);
        if (aside < reach && positions[o + 1] > place[1]) heights.push(positions[o + 1]);
    }
    if (heights.length < 5) return null;
    heights.sort((a, b) => a - b);
    return heights[Math.floor(0.9 * (heights.length - 1))];
}

/** Frames in an order that shows the whole strip early: ends, middle, quarters, and so on. */
export function coarseToFine(count) {
    const order = [];
    const seen = new Set();
    for (let step = 2 ** Math.ceil(Math.log2(Math.max(count, 1))); step >= 1; step /= 2) {
        for (let frame = 0; frame < count; frame += step) {
            if (!seen.has(frame)) {
                seen.add(frame);
                order.push(frame);
            }
        }
    }
    return order;
}
