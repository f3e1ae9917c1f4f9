// A recorded flight as poses a frame apart: the still ends cut off, the hand's shaking smoothed, joined to where it began.
// Few keyframes that follow them are then found by keyframesOf of path.mjs.
import { distance, invertPose, multiply, pose, position, quaternionOf, rotation, rotationOf, slerp, turnBetween } from "./matrix.mjs";

const SMOOTHING = 0.12; // seconds, standard deviation of the weights
const STEPS = 8; // to each side of a frame's moment, over which it is averaged
const STILL = { share: 1e-3, degrees: 0.1 }; // of the flown size: less is no motion

/** Seconds between the first and the last moment of samples [{time, c2w}] that moved, as samples; less than two: none did. */
export function moving(samples, size) {
    const differs = (a, b) => distance(position(a.c2w), position(b.c2w)) > STILL.share * size || turnBetween(a.c2w, b.c2w) > STILL.degrees;
    const first = samples.findIndex((sample) => differs(sample, samples[0]));
    if (first < 0) return [];
    let last = samples.length - 1;
    while (last > first && !differs(samples[last - 1], samples.at(-1))) last--;
    return samples.slice(first - 1, last + 1);
}

/**
 * Camera-to-world poses of a flight, one per frame.
 * samples: [{time, c2w}], seconds, rising; fps: frames per second; from: the pose that the first is to be exactly.
 */
export function flightPoses(samples, fps, from = samples[0].c2w) {
    const begin = samples[0].time;
    const seconds = samples.at(-1).time - begin;
    const count = Math.max(2, Math.round(seconds * fps) + 1);
    const tracks = samples.map(({ time, c2w }) => ({ time: time - begin, at: position(c2w), turn: quaternionOf(rotation(c2w)) }));
    const poses = Array.from({ length: count }, (_, frame) => averaged(tracks, (frame / (count - 1)) * seconds, seconds));
    return joined(poses, from, Math.min(count - 1, Math.ceil(fps / 2)));
}

/** The mean pose round a moment. The window is symmetric, so that steady motion stays as it is, and closes at the ends. */
function averaged(tracks, time, seconds) {
    const reach = Math.min(3 * SMOOTHING, time, seconds - time);
    const middle = poseAt(tracks, time);
    const at = [0, 0, 0];
    const turn = [0, 0, 0, 0];
    let sum = 0;
    for (let step = -STEPS; step <= STEPS; step++) {
        const off = (step / STEPS) * reach;
        const weight = Math.exp(-0.5 * (off / SMOOTHING) ** 2);
        const near = poseAt(tracks, time + off);
        const sign = near.turn.reduce((total, v, i) => total + v * middle.turn[i], 0) < 0 ? -1 : 1;
        near.at.forEach((v, i) => (at[i] += weight * v));
        near.turn.forEach((v, i) => (turn[i] += weight * sign * v));
        sum += weight;
    }
    const norm = Math.hypot(...turn);
    const [w, x, y, z] = turn.map((v) => v / norm);
    return pose(rotationOf([w, x, y, z]), at.map((v) => v / sum)); // prettier-ignore
}

function poseAt(tracks, time) {
    let low = 0;
    let high = tracks.length - 1;
    while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (tracks[middle].time <= time) low = middle;
        else high = middle;
    }
    const [a, b] = [tracks[low], tracks[high]];
    const u = b.time > a.time ? Math.max(0, Math.min(1, (time - a.time) / (b.time - a.time))) : 0;
    return { at: a.at.map((v, i) => v + u * (b.at[i] - v)), turn: slerp(a.turn, b.turn, u) };
}

/** The first pose becomes `from`; what that changes (the free camera keeps level) fades over so many frames. */
function joined(poses, from, frames) {
    const turned = (c2w) => pose(rotation(c2w), [0, 0, 0]);
    const gap = quaternionOf(rotation(multiply(turned(from), invertPose(turned(poses[0])))));
    const way = position(from).map((v, i) => v - position(poses[0])[i]);
    return poses.map((c2w, frame) => {
        if (frame === 0) return from;
        if (frame >= frames) return c2w;
        const share = 1 - frame / frames;
        const correction = pose(rotationOf(slerp([0, 0, 0, 1], gap, share)), [0, 0, 0]);
        return pose(rotation(multiply(correction, turned(c2w))), position(c2w).map((v, i) => v + share * way[i])); // prettier-ignore
    });
}
