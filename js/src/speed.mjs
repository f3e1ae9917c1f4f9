// How fast a path's camera is, frame by frame, and how keyframes are retimed: one part of the way slower or faster, or all
// of it at one speed. Only arithmetic; the time line draws it, the keyframes' actions use it.
import { distance, invertPose, position, turnBetween } from "./matrix.mjs";
import { keyframePath } from "./path.mjs";

const RESTING = 1e-6; // of the longest part: shorter is no way
const ROUNDS = 12; // the curve through keyframes depends on their times, and these on its length
const LONG = 2000; // frames: of a longer path each round takes a while, and whole frames round less
const FINE = 8; // steps per frame over which a part's length is measured
const MOST_STEPS = 4000;
export const JUMP = 2.5; // times the mean: a jump
export const STOP = 0.02; // of the mean: a stop

/**
 * Speeds of a path. moves[i]: scene units from frame i - 1 to frame i; turns[i]: degrees; both 0 at frame 0.
 * mean, meanTurn: per frame.
 */
export function speedsOf(path) {
    const poses = path.map(({ w2c }) => invertPose(w2c));
    const moves = poses.map((c2w, i) => (i ? distance(position(c2w), position(poses[i - 1])) : 0));
    const turns = poses.map((c2w, i) => (i ? turnBetween(poses[i - 1], c2w) : 0));
    const steps = Math.max(1, path.length - 1);
    return { moves, turns, mean: sum(moves) / steps, meanTurn: sum(turns) / steps };
}

/** Index of the keyframe on the way to which a frame is, -1 beyond the last one. */
export const segmentAt = (times, frame) => times.findIndex((time, i) => i > 0 && frame <= time);

/**
 * The way to keyframe `index` takes `span` frames, and all later keyframes and the path's end follow.
 * @returns {{keyframes: object[], frames: number}} frames: of the path, at most `most`
 */
export function paced(keyframes, index, span, frames, most) {
    const now = keyframes[index].frame - keyframes[index - 1].frame;
    const shift = Math.min(Math.max(1, Math.round(span)) - now, most - frames);
    return { keyframes: keyframes.map((key, i) => (i < index ? key : { ...key, frame: key.frame + shift })), frames: frames + shift };
}

/**
 * Whole frames for parts of a way, together as many as they have, so that length per frame is as equal as can be.
 * Parts without length keep theirs. lengths, spans: per part.
 */
export function evenSpans(lengths, spans) {
    const least = RESTING * Math.max(...lengths);
    const parts = [...lengths.keys()].filter((i) => lengths[i] > least);
    const total = sum(parts.map((i) => spans[i]));
    const whole = sum(parts.map((i) => lengths[i]));
    const even = [...spans];
    // A little less than their share: the fairest whole numbers may be below it.
    for (const i of parts) even[i] = Math.max(1, Math.floor((total * lengths[i]) / whole) - parts.length);
    let left = total - sum(parts.map((i) => even[i]));
    // One by one to the fastest part, or from the one that gets least fast by it.
    const pick = (candidates, better) => candidates.reduce((best, i) => (best < 0 || better(i, best) ? i : best), -1);
    for (; left > 0; left--) even[pick(parts, (i, best) => lengths[i] / even[i] > lengths[best] / even[best])]++;
    for (; left < 0; left++) {
        const long = parts.filter((i) => even[i] > 1);
        even[pick(long, (i, best) => lengths[i] / (even[i] - 1) < lengths[best] / (even[best] - 1))]--;
    }
    return even;
}

/**
 * Keyframes retimed between `from` and `to` (indices; both stay) to one speed, without easing there: of distance, or of
 * turning where nothing moves. As they are where that makes it no more even.
 */
export function evened(keyframes, from, to, { units, start, depth }) {
    const within = (i) => i > from && i <= to;
    const spansOf = (keys) => keys.slice(from + 1, to + 1).map((key, i) => key.frame - keys[from + i].frame);
    const given = spansOf(keyframes);
    let best = { keyframes, spread: spreadOf(keyframes, from, to, units, start, depth) };
    let keys = keyframes.map((key, i) => (within(i) ? { ...key, easing: "linear" } : key));
    const rounds = keyframes.at(-1).frame > LONG ? 2 : ROUNDS;
    for (let round = 0; round < rounds; round++) {
        const spread = spreadOf(keys, from, to, units, start, depth);
        if (spread < best.spread - 1e-9) best = { keyframes: keys, spread };
        const spans = evenSpans(lengthsOf(keys, from, to, units, start, depth), given);
        if (spans.every((span, i) => span === spansOf(keys)[i])) break;
        let frame = keys[from].frame;
        keys = keys.map((key, i) => (within(i) ? { ...key, frame: (frame += spans[i - from - 1]) } : key));
    }
    return best.keyframes;
}

/** Lengths of the ways between these keyframes: along the curve, or degrees where nothing moves. */
function lengthsOf(keys, from, to, units, start, depth) {
    const last = keys.at(-1).frame;
    const fine = Math.max(1, Math.min(FINE, Math.floor(MOST_STEPS / last)));
    // The same curve, in more steps.
    const drawn = keyframePath(units, keys.map((key) => ({ ...key, frame: key.frame * fine })), start, last * fine + 1, depth); // prettier-ignore
    const { moves, turns } = speedsOf(drawn);
    const parts = (values) => keys.slice(from + 1, to + 1).map((key, i) => sum(values.slice(keys[from + i].frame * fine + 1, key.frame * fine + 1)));
    const ways = parts(moves);
    return Math.max(...ways) > RESTING * depth ? ways : parts(turns);
}

/** How uneven the speed is from one keyframe to another: its deviation over its mean, where there is motion. */
function spreadOf(keys, from, to, units, start, depth) {
    const { moves, turns } = speedsOf(keyframePath(units, keys, start, keys.at(-1).frame + 1, depth));
    const between = (values) => values.slice(keys[from].frame + 1, keys[to].frame + 1);
    const ways = Math.max(...between(moves)) > RESTING * depth ? between(moves) : between(turns);
    const moving = ways.filter((way) => way > RESTING * Math.max(...ways));
    if (!moving.length) return 0;
    const mean = sum(moving) / moving.length;
    return Math.sqrt(sum(moving.map((way) => (way - mean) ** 2)) / moving.length) / mean;
}

function sum(values) {
    let total = 0;
    for (const value of values) total += value;
    return total;
}
