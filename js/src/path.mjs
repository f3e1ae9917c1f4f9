// Camera paths, number for number as spatia_core/cameras/trajectories.py makes them: the page shows what the node
// will output. A camera is {w2c: 16 numbers row-major, intrinsics: [fx, fy, cx, cy] normalised}; a path is a list.
// tests/test_page.py compares every function here with Python's.
import {
    IDENTITY, add, anglesOf, cross, invertPose, length, multiply, normalize, pose, position, quaternionOf, rotation,
    rotationOf, scale, slerp, subtract, yawPitchRoll,
} from "./matrix.mjs"; // prettier-ignore
import { focalOf, fovOf } from "./conventions.mjs";

export const VERSION = 1;
export const EASINGS = ["linear", "smooth", "ease_in", "ease_out"];
export const PRESETS = [
    "static", "pan", "tilt", "roll", "dolly", "truck", "pedestal", "orbit", "spiral", "dolly_zoom", "out_and_back", "full_loop",
]; // prettier-ignore
// The ranges of inputs.py and trajectories.py.
const LARGEST_COORDINATE = 1e9;
const [SMALLEST_FOCAL, LARGEST_FOCAL] = [1e-3, 1e5];
const MOST_CAMERAS = 100000;
const LARGEST_ANGLE = 1e6;
const LARGEST_ZOOM = LARGEST_FOCAL / SMALLEST_FOCAL;
const LONGEST_KEYFRAMES = 4 << 20;
const offset = [-LARGEST_COORDINATE, LARGEST_COORDINATE];
const degrees = [-LARGEST_ANGLE, LARGEST_ANGLE];
const RANGES = {
    frame: [0, MOST_CAMERAS - 1], right: offset, up: offset, forward: offset, yaw: degrees, pitch: degrees, roll: degrees,
    zoom: [1 / LARGEST_ZOOM, LARGEST_ZOOM], fov: [fovOf(LARGEST_FOCAL), fovOf(SMALLEST_FOCAL)],
}; // prettier-ignore
const DECIMAL = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const FIELDS = ["frame", "right", "up", "forward", "yaw", "pitch", "roll", "zoom", "fov", "easing"];
const START = Object.freeze({ frame: 0, right: 0, up: 0, forward: 0, yaw: 0, pitch: 0, roll: 0, zoom: 1, fov: null, easing: "linear" });
export const DEGREE = Math.PI / 180;

export const keyframe = (values) => ({ ...START, ...values });

// --- the keyframes text ---

/**
 * Keyframes of a node's text: lines, a JSON list or the versioned JSON object.
 * @returns {{units: "depth"|"scene", keyframes: object[]}} frame 0 included
 * @throws {Error} as the node refuses it
 */
export function parseKeyframes(source) {
    // Python counts characters, JavaScript halves of some.
    if (source.length > LONGEST_KEYFRAMES && [...source].length > LONGEST_KEYFRAMES) throw new Error("the keyframes text is too long");
    const trimmed = source.trim();
    const { units, entries } = /^[[{]/.test(trimmed) ? entriesOfJson(trimmed) : { units: "depth", entries: entriesOfLines(trimmed) };
    if (!entries.length) throw new Error("no keyframe");
    if (entries.length > MOST_CAMERAS) throw new Error(`more than ${MOST_CAMERAS} keyframes`);
    for (const entry of entries) {
        for (const [name, value] of Object.entries(entry)) {
            if (!fits(name, value)) throw new Error(`keyframe at frame ${entry.frame} has ${name} = ${JSON.stringify(value)}`);
        }
    }
    const keyframes = entries.map(keyframe);
    if (keyframes[0].frame !== 0) keyframes.unshift({ ...START });
    checkKeyframes(keyframes);
    return { units: /** @type {"depth" | "scene"} */ (units), keyframes };
}

function entriesOfJson(text) {
    const data = JSON.parse(text);
    let units = "depth";
    let entries = [data].flat();
    if (!Array.isArray(data) && Object.hasOwn(data, "keyframes")) {
        if (data.version !== VERSION || !Array.isArray(data.keyframes)) throw new Error(`keyframes have version ${data.version}, expected ${VERSION}`);
        const unknown = Object.keys(data).filter((name) => !["version", "units", "keyframes"].includes(name));
        if (unknown.length) throw new Error(`keyframes have unknown keys ${unknown}`);
        if (Object.hasOwn(data, "units")) units = data.units;
        if (!["depth", "scene"].includes(units)) throw new Error(`keyframes have units ${units}, expected depth or scene`);
        entries = data.keyframes;
    }
    for (const entry of entries) {
        const known = entry !== null && typeof entry === "object" && !Array.isArray(entry) && Object.hasOwn(entry, "frame");
        if (!known) throw new Error(`${JSON.stringify(entry)} is no keyframe`);
    }
    return { units, entries };
}

function entriesOfLines(text) {
    const entries = [];
    for (const line of text.split(/\r\n?|\n/)) {
        const fields = line.split("#")[0].match(/[^ \t\xa0,]+/g) ?? [];
        if (!fields.length) continue;
        if (![7, 8].includes(fields.length) || !fields.every((field) => DECIMAL.test(field))) throw new Error(`"${line.trim()}" is no keyframe`);
        entries.push(Object.fromEntries(fields.map((field, i) => [FIELDS[i], Number(field)])));
    }
    return entries;
}

function fits(name, value) {
    if (name === "easing") return EASINGS.includes(value);
    return Object.hasOwn(RANGES, name) && typeof value === "number" && value >= RANGES[name][0] && value <= RANGES[name][1];
}

function checkKeyframes(keyframes) {
    const first = keyframes[0];
    if (FIELDS.some((name) => name !== "easing" && first[name] !== START[name])) throw new Error("the keyframe of frame 0 is the start camera itself");
    for (const key of keyframes) {
        if (!Number.isInteger(key.frame)) throw new Error(`frame ${key.frame} is no whole number`);
        if (key.fov !== null && key.zoom !== 1) throw new Error(`fov ${key.fov}: expected without zoom`);
    }
    for (let i = 1; i < keyframes.length; i++) {
        if (keyframes[i].frame <= keyframes[i - 1].frame) throw new Error(`frame ${keyframes[i].frame} does not come after ${keyframes[i - 1].frame}`);
        if (["yaw", "pitch", "roll"].some((name) => Math.abs(keyframes[i][name] - keyframes[i - 1][name]) >= 180)) {
            throw new Error(`an angle changes by 180 degrees or more before frame ${keyframes[i].frame}`);
        }
    }
}

/** The versioned text of keyframes, which the node's keyframes widget holds; what is as at the start is left out. */
export function formatKeyframes(units, keyframes) {
    const rows = keyframes.map((key) => {
        const kept = FIELDS.filter((name) => name === "frame" || key[name] !== START[name]);
        return `  ${JSON.stringify(Object.fromEntries(kept.map((name) => [name, tidy(key[name])])))}`;
    });
    return `{"version": ${VERSION}, "units": "${units}", "keyframes": [\n${rows.join(",\n")}\n]}`;
}

// Twelve digits: a path that is made longer keeps its frames to what the server tells apart, and its clips with them.
const tidy = (value) => (typeof value === "number" ? Number(value.toPrecision(12)) : value);

// --- paths ---

/** A whole path as the Camera Path node makes it. first: the camera that close_loop returns to. */
export function cameraPath(settings, start, first, depth) {
    const path =
        settings.preset === "keyframes"
            ? keyframePath(settings.units, settings.keyframes, start, settings.frames, depth)
            : presetPath(settings.preset, start, settings.frames, { ...settings, depth });
    return settings.close_loop === "off" ? path : closeLoop(path, settings.close_loop, settings.closing_frames, first);
}

export function keyframePath(units, keyframes, start, frames, depth) {
    const times = keyframes.map((key) => key.frame);
    const last = times.at(-1);
    if (last >= frames) throw new Error(`a keyframe at frame ${last} in a path of ${frames} frames`);
    const points = keyframes.map((key) => scale([key.right, -key.up, key.forward], units === "scene" ? 1 : depth));
    const turns = keyframes.map((key) => quaternionOf(yawPitchRoll(key.yaw, key.pitch, key.roll)));
    const zooms = keyframes.map((key) => zoomOf(key, start));
    const tangents = tangentsOf(times, points);
    const path = [];
    for (let frame = 0; frame < frames; frame++) {
        const t = Math.min(frame, last);
        if (keyframes.length === 1) {
            path.push(placed(start, IDENTITY, 1, frame));
            continue;
        }
        let k = 0;
        while (k < times.length - 2 && times[k + 1] <= t) k++;
        const span = times[k + 1] - times[k];
        const u = ease((t - times[k]) / span, keyframes[k + 1].easing);
        const at = hermite(points[k], points[k + 1], scale(tangents[k], span), scale(tangents[k + 1], span), u);
        const focal = Math.exp((1 - u) * Math.log(zooms[k]) + u * Math.log(zooms[k + 1]));
        path.push(placed(start, pose(rotationOf(slerp(turns[k], turns[k + 1], u)), at), focal, frame));
    }
    return path;
}

/** Focal length multiplier of a keyframe. */
export const zoomOf = (key, start) => (key.fov === null ? key.zoom : focalOf(key.fov) / start.intrinsics[0]);
/** Horizontal field of view of a keyframe, degrees. */
export const keyframeFov = (key, start) => key.fov ?? fovOf(start.intrinsics[0] * key.zoom);

function ease(u, easing) {
    if (easing === "smooth") return u * u * (3 - 2 * u);
    if (easing === "ease_in") return u * u;
    if (easing === "ease_out") return u * (2 - u);
    return u;
}

function tangentsOf(times, points) {
    const slope = (a, b) => scale(subtract(points[b], points[a]), 1 / (times[b] - times[a]));
    const last = points.length - 1;
    return points.map((_, i) => (last === 0 ? [0, 0, 0] : slope(Math.max(0, i - 1), Math.min(last, i + 1))));
}

function hermite(a, b, ta, tb, u) {
    const v = 1 - u;
    return a.map((_, i) => (1 + 2 * u) * v * v * a[i] + u * v * v * ta[i] + u * u * (3 - 2 * u) * b[i] + u * u * (u - 1) * tb[i]);
}

/** The camera at a relative camera-to-world pose of the start; frame 0 is the start itself. */
function placed(start, relative, focal, frame) {
    if (frame === 0) return { w2c: [...start.w2c], intrinsics: [...start.intrinsics] };
    const [fx, fy, cx, cy] = start.intrinsics;
    return { w2c: multiply(invertPose(relative), start.w2c), intrinsics: [fx * focal, fy * focal, cx, cy] };
}

export function presetPath(preset, start, frames, { angle, distance, depth, easing, base_motion, turns }) {
    const returns = preset === "out_and_back" || preset === "full_loop";
    if (returns && frames < 3) throw new Error(`${preset} takes at least 3 frames`);
    const motion = preset === "out_and_back" ? base_motion : preset;
    if (motion === "dolly_zoom" && distance >= 1) throw new Error("dolly_zoom must stay below the depth");
    const last = Math.max(frames - 1, 1);
    const path = [];
    for (let i = 0; i < frames; i++) {
        const progress = preset === "out_and_back" ? (2 * Math.min(i, last - i)) / last : i / last;
        const { relative, focal } = motionAt(motion, ease(progress, easing), angle * DEGREE, distance * depth, depth, turns);
        path.push(placed(start, relative, focal, i));
    }
    if (returns) path[frames - 1] = placed(start, IDENTITY, 1, 0);
    return path;
}

function motionAt(motion, s, angle, distance, depth, turns) {
    const turned = (...angles) => pose(yawPitchRoll(...angles), [0, 0, 0]);
    const moved = (...at) => pose([1, 0, 0, 0, 1, 0, 0, 0, 1], at);
    const a = s * angle;
    switch (motion) {
        case "pan": return { relative: turned(a / DEGREE, 0, 0), focal: 1 }; // prettier-ignore
        case "tilt": return { relative: turned(0, a / DEGREE, 0), focal: 1 }; // prettier-ignore
        case "roll": return { relative: turned(0, 0, a / DEGREE), focal: 1 }; // prettier-ignore
        case "dolly": return { relative: moved(0, 0, s * distance), focal: 1 }; // prettier-ignore
        case "truck": return { relative: moved(s * distance, 0, 0), focal: 1 }; // prettier-ignore
        case "pedestal": return { relative: moved(0, -s * distance, 0), focal: 1 }; // prettier-ignore
        case "orbit": return { relative: pose(yawPitchRoll(-a / DEGREE, 0, 0), [depth * Math.sin(a), 0, depth * (1 - Math.cos(a))]), focal: 1 }; // prettier-ignore
        case "dolly_zoom": return { relative: moved(0, 0, s * distance), focal: (depth - s * distance) / depth }; // prettier-ignore
        case "spiral": {
            const turn = 2 * Math.PI * turns * s;
            return { relative: lookAtPivot(s * distance * Math.cos(turn), -s * distance * Math.sin(turn), depth), focal: 1 };
        }
        case "full_loop": {
            const turn = 2 * Math.PI * s;
            return { relative: lookAtPivot((distance / 2) * Math.sin(turn), (-distance / 2) * (1 - Math.cos(turn)), depth), focal: 1 };
        }
        default: return { relative: IDENTITY, focal: 1 }; // prettier-ignore
    }
}

function lookAtPivot(x, y, depth) {
    const forward = normalize([-x, -y, depth]);
    const right = normalize(cross([0, 1, 0], forward));
    const down = cross(forward, right);
    return [right[0], down[0], forward[0], x, right[1], down[1], forward[1], y, right[2], down[2], forward[2], 0, 0, 0, 0, 1];
}

export function closeLoop(path, mode, frames, target) {
    const last = path.at(-1);
    if (mode === "append") {
        const tail = Array.from({ length: frames - 1 }, (_, i) => towards(last, last, target, ease((i + 1) / frames, "smooth")));
        return [...path, ...tail, target];
    }
    if (path.length < 2) throw new Error("a path of one camera cannot be closed");
    const moved = path.slice(1, -1).map((camera, i) => towards(camera, last, target, ease((i + 1) / (path.length - 1), "smooth")));
    return [path[0], ...moved, target];
}

/** A camera moved by a share of the motion that takes `last` to `target`. */
function towards(camera, last, target, amount) {
    const [c2w, end, goal] = [camera, last, target].map(({ w2c }) => invertPose(w2c));
    const gap = subtract(position(goal), position(end));
    const turn = rotation(multiply(pose(rotation(last.w2c), [0, 0, 0]), pose(rotation(goal), [0, 0, 0])));
    const share = pose(rotationOf(slerp([0, 0, 0, 1], quaternionOf(turn), amount)), [0, 0, 0]);
    const turned = multiply(pose(rotation(c2w), [0, 0, 0]), share);
    const w2c = invertPose(pose(rotation(turned), add(position(c2w), scale(gap, amount))));
    const focal = camera.intrinsics.slice(0, 2).map((f, i) => f * (target.intrinsics[i] / last.intrinsics[i]) ** amount);
    const centre = camera.intrinsics.slice(2).map((c, i) => c + amount * (target.intrinsics[i + 2] - last.intrinsics[i + 2]));
    return { w2c, intrinsics: [...focal, ...centre] };
}

// --- keyframes from cameras ---

/** The keyframe at `frame` whose camera is this one; unit: scene units per unit of the offsets. */
export function keyframeOf(camera, start, frame, unit, near = START) {
    const relative = multiply(start.w2c, invertPose(camera.w2c));
    const [yaw, pitch, roll] = anglesOf(rotation(relative));
    const [x, y, z] = position(relative);
    const zoom = camera.intrinsics[0] / start.intrinsics[0];
    return keyframe({
        frame,
        right: x / unit, up: -y / unit, forward: z / unit,
        ...unwound({ yaw, pitch, roll }, near),
        fov: Math.abs(zoom - 1) < 1e-9 ? null : fovOf(camera.intrinsics[0]),
    }); // prettier-ignore
}

/** The same rotation by angles within 180 of a neighbour's, where the node takes the short way between them. */
export function unwound(angles, near) {
    const way = ({ yaw, pitch, roll }) => Math.abs(yaw - near.yaw) + Math.abs(pitch - near.pitch) + Math.abs(roll - near.roll);
    const wind = (value, by) => value - 360 * Math.round((value - by) / 360);
    const wound = ({ yaw, pitch, roll }) => ({ yaw: wind(yaw, near.yaw), pitch: wind(pitch, near.pitch), roll: wind(roll, near.roll) });
    const other = wound({ yaw: angles.yaw + 180, pitch: 180 - angles.pitch, roll: angles.roll + 180 });
    const same = wound(angles);
    return way(other) < way(same) ? other : same;
}

/** The pose and focal length of a keyframe as a camera. */
export function cameraOf(key, start, unit) {
    const relative = pose(yawPitchRoll(key.yaw, key.pitch, key.roll), scale([key.right, -key.up, key.forward], unit));
    return placed(start, relative, zoomOf(key, start), key.frame);
}

/**
 * Few keyframes that reproduce a path: more are added where the curve through those so far is farthest off.
 * tolerance: scene units of position; turn: radians, as much as that at this depth unless told; limit: most keyframes;
 * kept: keyframes of the path's beginning that stay as they are, and after which more are added.
 */
export function keyframesOf(path, start, units, depth, { tolerance = 0.02 * depth, turn = tolerance / depth, limit = 24, kept = [] } = {}) {
    const unit = units === "scene" ? 1 : depth;
    const base = path[0];
    // The motion is what counts: it is carried to the start camera, as Import Cameras does.
    const carried = path.map((camera, i) => (i === 0 ? start : {
        w2c: multiply(multiply(camera.w2c, invertPose(base.w2c)), start.w2c),
        intrinsics: [0, 1].map((f) => (start.intrinsics[f] * camera.intrinsics[f]) / base.intrinsics[f]).concat(start.intrinsics.slice(2)),
    })); // prettier-ignore
    const given = new Map(kept.map((key) => [key.frame, key]));
    const settled = kept.at(-1)?.frame ?? 0;
    const chosen = new Set([0, ...given.keys(), path.length - 1]);
    for (;;) {
        const keyframes = [];
        for (const frame of [...chosen].sort((a, b) => a - b)) {
            const made = () => (frame === 0 ? { ...START } : keyframeOf(carried[frame], start, frame, unit, keyframes.at(-1)));
            keyframes.push(given.get(frame) ?? made());
        }
        const drawn = keyframePath(units, keyframes, start, path.length, depth);
        let worst = -1;
        let most = 1;
        drawn.forEach((camera, i) => {
            if (i < settled || chosen.has(i)) return;
            const error = Math.max(
                length(subtract(position(invertPose(camera.w2c)), position(invertPose(carried[i].w2c)))) / tolerance,
                angleTo(camera, carried[i]) / turn,
                Math.abs(Math.log(camera.intrinsics[0] / carried[i].intrinsics[0])) / turn,
            );
            if (error > most) [worst, most] = [i, error];
        });
        if (worst < 0 || chosen.size >= limit) return keyframes;
        chosen.add(worst);
    }
}

function angleTo(a, b) {
    const [p, q] = [a, b].map((camera) => quaternionOf(rotation(camera.w2c)));
    const sign = p.reduce((sum, v, i) => sum + v * q[i], 0) < 0 ? -1 : 1;
    return 4 * Math.atan2(length(p.map((v, i) => v - sign * q[i])), length(p.map((v, i) => v + sign * q[i])));
}

// --- rounds ---

/** Frames at which new clips begin: after `first`, then every `later` new ones. */
export function roundStarts(frames, first, later) {
    const starts = [];
    for (let frame = first; frame < frames; frame += later) starts.push(frame);
    return starts;
}
