// Making a path longer or shorter at its end, so that no frame it keeps moves.
import { firstDifference } from "./clip_plan.mjs";
import { keyframeOf, keyframePath } from "./path.mjs";

const PLACE = ["right", "up", "forward"];

/**
 * The state of the path editor with a path of `frames` frames, the new ones in the last pose.
 *
 * The curve through keyframes has its direction at each from the two beside it, so that a keyframe after the last one would
 * bend the frames before it. Where the path ends on a keyframe, one more goes right behind it, in the direction that the
 * path has; where that cannot be, every frame becomes a keyframe.
 * @param state of the editor: preset, keyframes, units, close_loop, frames
 * @param path its cameras as they are
 */
export function lengthened(state, path, frames, start, unit) {
    const end = path.length - 1;
    const keyframes = (state.preset === "keyframes" && state.close_loop === "off" && pinned(state.keyframes, end)) || everyFrame(path, start, unit);
    return { ...state, preset: "keyframes", close_loop: "off", keyframes, frames };
}

/**
 * The state of the path editor with the first `frames` frames of its path. Its keyframes stay where those up to there make
 * the same path; else every frame becomes one.
 */
export function cutAfter(state, path, frames, start, unit) {
    const kept = path.slice(0, frames);
    const few = state.preset === "keyframes" && state.close_loop === "off" ? state.keyframes.filter((key) => key.frame < frames) : [];
    const same = few.length > 0 && firstDifference(keyframePath(state.units, few, start, frames, unit), kept) === frames;
    return { ...state, preset: "keyframes", close_loop: "off", keyframes: same ? few : everyFrame(kept, start, unit), frames };
}

/** The keyframes with what holds the frames up to `end` in place; null where no few keyframes do. */
function pinned(keyframes, end) {
    const keys = structuredClone(keyframes);
    const same = (frame) => ({ ...keys.at(-1), frame, easing: "linear" });
    const still = keys.length === 1 || keys.at(-1).frame - keys.at(-2).frame === 1;
    if (keys.at(-1).frame < end) {
        if (!still) return null;
        if (keys.length > 1 && keys.at(-1).frame + 1 < end) keys.push(same(keys.at(-1).frame + 1));
        keys.push(same(end));
    }
    if (keys.length < 2) return keys;
    const [before, last] = keys.slice(-2);
    const span = last.frame - before.frame;
    // Between neighbouring frames there is nothing to bend.
    if (span === 1) return keys;
    const on = same(end + 1);
    for (const name of PLACE) on[name] += (last[name] - before[name]) / span;
    return [...keys, on];
}

function everyFrame(path, start, unit) {
    const keys = [];
    for (const [frame, camera] of path.entries()) {
        const key = keyframeOf(camera, start, frame, unit, keys.at(-1));
        keys.push(frame === 0 ? { ...key, right: 0, up: 0, forward: 0, yaw: 0, pitch: 0, roll: 0, zoom: 1, fov: null } : key);
    }
    return keys;
}
