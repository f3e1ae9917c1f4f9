// What the camera editor does to keyframes. Each is one undoable change of the editor's state.
import { add, axis, cross, distance, invertPose, length, multiply, normalize, pose, position, rotation, subtract, turnBetween } from "./matrix.mjs";
import { cameraOf, cameraPath, formatKeyframes, keyframeOf, keyframePath, keyframesOf, unwound } from "./path.mjs";
import { evened, paced } from "./speed.mjs";
import { text } from "./texts.mjs";

const RETURN_FRAMES = [16, 120]; // fewest and most of the way back to an earlier pose
const RETURN_TURN = 2; // degrees per frame on this way; the network knows up to 3
const FLIGHT = { position: 0.01, turn: 0.75, most: 64 }; // share of the depth, degrees; keyframes of one flight
const MOST_FRAMES = 10000; // of the node's frames
const STEEP = 0.02; // sine of the angle to the vertical within which a look has no level of its own

let clipboard = null; // keyframes copied in this page, with their unit

export class KeyframeActions {
    /** @param {import("./camera_editor.mjs").CameraEditor} editor */
    constructor(editor) {
        this.editor = editor;
    }

    /** Turns what a preset draws into keyframes, so that it can be changed by hand. */
    fromPreset(state) {
        const { start, first, depth } = this.editor;
        if (state.preset === "keyframes") return;
        // Without its closing: that stays a setting of the node, and would be applied twice.
        const open = cameraPath({ ...state, close_loop: "off" }, start, first, depth);
        state.keyframes = keyframesOf(open, start, state.units, depth);
        state.preset = "keyframes";
    }

    /** Adds a keyframe at the current frame, or replaces the one there. camera: default the path's own. */
    add(camera) {
        const { editor } = this;
        if (!editor.editable || editor.problem) return;
        editor.change((state) => {
            this.fromPreset(state);
            let { frame } = editor;
            if (frame === 0 || frame >= state.frames) {
                // Frame 0 is the start itself: the new one goes after the last, or between the last two.
                const last = state.keyframes.at(-1).frame;
                const before = state.keyframes.at(-2)?.frame ?? 0;
                frame = last < state.frames - 1 ? state.frames - 1 : Math.floor((last + before) / 2);
                if (frame === 0 || frame === before || frame === last) throw new Error(text("no_room"));
            }
            const shown = camera ?? editor.path[Math.min(frame, editor.path.length - 1)];
            const others = state.keyframes.filter((key) => key.frame !== frame);
            const near = others.filter((key) => key.frame < frame).at(-1);
            const added = keyframeOf(shown, editor.start, frame, editor.unit, near);
            state.keyframes = [...others, added].sort((a, b) => a.frame - b.frame);
            editor.choose(state.keyframes.indexOf(added));
            editor.frame = frame;
        });
    }

    /** A keyframe where the free camera stands. */
    addFromView() {
        const { editor } = this;
        const focal = editor.path[editor.frame]?.intrinsics ?? editor.start.intrinsics;
        this.add({ w2c: invertPose(editor.viewer.pose()), intrinsics: focal });
    }

    /** Removes the selected keyframes; the start stays. */
    remove() {
        const { editor } = this;
        if (!editor.editing || !editor.movable.length) return;
        const gone = new Set(editor.movable);
        editor.change((state) => {
            state.keyframes = state.keyframes.filter((_, index) => !gone.has(index));
            editor.choose(Math.min(editor.selected, state.keyframes.length - 1));
        });
    }

    /** Sets values of the selected keyframe. */
    set(values, options) {
        const { editor } = this;
        editor.change((state) => Object.assign(state.keyframes[editor.selected], values), options);
    }

    /**
     * Moves the selected keyframe to a camera-to-world pose; those selected with it make the same move, each on its own spot.
     * lens: {zoom, fov} that it gets; onto: {camera, key} that it becomes exactly, an earlier keyframe's or a frame's.
     */
    setPose(c2w, { lens, onto, ...options }) {
        const { editor } = this;
        const from = invertPose(editor.keys[editor.selected].w2c);
        const step = subtract(position(c2w), position(from));
        const turn = multiply(still(c2w), invertPose(still(from)));
        editor.change((state) => {
            for (const index of editor.movable) {
                const was = invertPose(editor.keys[index].w2c);
                const moved = pose(rotation(multiply(turn, still(was))), add(position(was), step));
                this.put(state.keyframes[index], index, index === editor.selected ? c2w : moved);
            }
            Object.assign(state.keyframes[editor.selected], lens);
            if (onto) this.putOnto(state.keyframes, editor.selected, onto);
            this.unwind(state.keyframes);
        }, options); // prettier-ignore
    }

    /** Puts a keyframe to a camera-to-world pose, its angles next to those it had. */
    put(key, index, c2w) {
        const { editor } = this;
        const camera = { w2c: invertPose(c2w), intrinsics: editor.keys[index].intrinsics };
        const { right, up, forward, yaw, pitch, roll } = keyframeOf(camera, editor.start, key.frame, editor.unit, key);
        Object.assign(key, { right, up, forward, yaw, pitch, roll });
    }

    /** Makes a keyframe the pose and the lens of another, to the last digit. */
    putOnto(keyframes, index, { camera, key }) {
        const { editor } = this;
        const before = keyframes[index - 1];
        const goal = key ?? keyframeOf(camera, editor.start, 0, editor.unit, before);
        const { right, up, forward, zoom, fov } = goal;
        Object.assign(keyframes[index], { right, up, forward, zoom, fov, ...unwound(goal, before) });
    }

    /** The node takes the short way between neighbours: angles are wound to be within half a turn of those before. */
    unwind(keyframes) {
        for (let i = 1; i < keyframes.length; i++) Object.assign(keyframes[i], unwound(keyframes[i], keyframes[i - 1]));
    }

    /** Moves a keyframe to another frame, those selected with it by as many, as far as the others leave room. */
    retime(index, frame, settled) {
        const { editor } = this;
        const moved = editor.chosen.includes(index) ? editor.movable : [index];
        editor.change((state) => {
            const keys = state.keyframes;
            let low = -Infinity;
            let high = Infinity;
            for (const i of moved) {
                if (!moved.includes(i - 1)) low = Math.max(low, keys[i - 1].frame + 1 - keys[i].frame);
                if (!moved.includes(i + 1)) high = Math.min(high, (keys[i + 1]?.frame ?? state.frames) - 1 - keys[i].frame);
            }
            const shift = Math.max(low, Math.min(high, frame - keys[index].frame));
            for (const i of moved) keys[i].frame += shift;
            editor.choose(index, moved);
            editor.frame = keys[index].frame;
        }, { settled }); // prettier-ignore
    }

    /** The way to a keyframe takes so many frames; what comes later moves with it, and the path's end. */
    pace(index, span, settled) {
        const { editor } = this;
        editor.change((state) => {
            Object.assign(state, paced(state.keyframes, index, span, state.frames, MOST_FRAMES));
            editor.frame = Math.min(editor.frame, state.frames - 1);
        }, { settled }); // prettier-ignore
    }

    /** Retimes the keyframes to one speed: those between the first and the last of several selected ones, else all. */
    evenSpeed() {
        const { editor } = this;
        if (!editor.editing) return;
        const { keyframes } = editor.state;
        const [from, to] = editor.chosen.length > 1 ? [editor.chosen[0], editor.chosen.at(-1)] : [0, keyframes.length - 1];
        if (to - from < 2) return editor.say(text("even_speed_few"));
        editor.change((state) => {
            state.keyframes = evened(state.keyframes, from, to, { units: state.units, start: editor.start, depth: editor.depth });
            editor.frame = state.keyframes[editor.selected].frame;
        });
    }

    /** The selected keyframes turn on the spot to a point of the world, level. */
    lookAt(point) {
        const { editor } = this;
        editor.change((state) => {
            for (const index of editor.movable) {
                const c2w = invertPose(editor.keys[index].w2c);
                const forward = normalize(subtract(point, position(c2w)));
                const sideways = cross([0, 1, 0], forward);
                const right = normalize(length(sideways) > STEEP ? sideways : axis(c2w, 0));
                const down = normalize(cross(forward, right));
                const level = [0, 1, 2].flatMap((i) => [right[i], down[i], forward[i]]);
                this.put(state.keyframes[index], index, pose(level, position(c2w)));
            }
            this.unwind(state.keyframes);
        });
    }

    // --- at the path's end ---

    /** A keyframe at the path's end with the pose of the frame under the playhead, as far off as the path's own speed asks. */
    returnHere() {
        const { editor } = this;
        if (!editor.editable || editor.problem) return;
        const goal = editor.path[editor.frame];
        editor.change((state) => {
            this.fromPreset(state);
            const last = state.keyframes.at(-1);
            const end = invertPose(cameraOf(last, editor.start, editor.unit).w2c);
            const to = invertPose(goal.w2c);
            const places = editor.path.map(({ w2c }) => position(invertPose(w2c)));
            const way = places.slice(1).reduce((sum, place, i) => sum + distance(place, places[i]), 0);
            const wanted = Math.max(way ? (distance(position(end), position(to)) * (places.length - 1)) / way : 0, turnBetween(end, to) / RETURN_TURN);
            const frame = last.frame + Math.round(Math.max(RETURN_FRAMES[0], Math.min(RETURN_FRAMES[1], wanted)));
            this.append(state, [keyframeOf(goal, editor.start, frame, editor.unit, last)]);
        });
    }

    /** The path rests on its last pose for so many frames. */
    hold(frames) {
        const { editor } = this;
        if (!editor.editable || editor.problem) return;
        editor.change((state) => {
            this.fromPreset(state);
            const last = state.keyframes.at(-1);
            // The next ones stand beside the ends, so that the curve through them cannot swing out while it rests.
            const times = [...new Set([1, frames - 1, frames])].filter((step) => step > 0).sort((a, b) => a - b);
            this.append(state, times.map((step) => ({ ...last, frame: last.frame + step, easing: "linear" }))); // prettier-ignore
        });
    }

    append(state, keyframes) {
        const { editor } = this;
        state.keyframes.push(...keyframes);
        state.frames = Math.max(state.frames, keyframes.at(-1).frame + 1);
        editor.choose(state.keyframes.length - 1);
        editor.frame = keyframes.at(-1).frame;
    }

    /** The pose at which a flight begins, and what is added begins at: that of the last keyframe. */
    lastPose() {
        const { editor } = this;
        const state = structuredClone(editor.state);
        this.fromPreset(state);
        return invertPose(cameraOf(state.keyframes.at(-1), editor.start, editor.unit).w2c);
    }

    /** Adds a flown way, camera-to-world poses a frame apart of which the first is the last keyframe's, as few keyframes. */
    appendFlight(poses) {
        const { editor } = this;
        editor.change((state) => {
            this.fromPreset(state);
            const { start, depth } = editor;
            const kept = state.keyframes;
            const before = keyframePath(state.units, kept, start, kept.at(-1).frame + 1, depth);
            const flown = poses.slice(1).map((c2w) => ({ w2c: invertPose(c2w), intrinsics: before.at(-1).intrinsics }));
            const path = [...before, ...flown];
            if (path.length > MOST_FRAMES) throw new Error(text("too_long", { frames: path.length, most: MOST_FRAMES }));
            const turn = (FLIGHT.turn * Math.PI) / 180;
            state.keyframes = keyframesOf(path, start, state.units, depth, {
                tolerance: FLIGHT.position * depth,
                turn,
                limit: kept.length + FLIGHT.most,
                kept,
            });
            state.frames = path.length;
            // It ends where it was flown to.
            state.close_loop = "off";
            editor.choose(state.keyframes.length - 1);
            editor.frame = path.length - 1;
        });
    }

    // --- the whole path ---

    /** The loop ends on its first pose: a keyframe there at the last frame, and close_loop for the last digit. */
    setLoop(mode) {
        const { editor } = this;
        editor.change((state) => {
            state.close_loop = mode;
            if (mode !== "blend" || state.preset !== "keyframes") return;
            const others = state.keyframes.filter((key) => key.frame !== state.frames - 1);
            state.keyframes = [...others, keyframeOf(editor.first, editor.start, state.frames - 1, editor.unit, others.at(-1))];
        });
    }

    setFrames(frames) {
        this.editor.change((state) => {
            // The timing is stretched with the path, as a clip that is made longer.
            const share = (frames - 1) / (state.frames - 1);
            let last = -1;
            for (const key of state.keyframes) {
                key.frame = Math.max(last + 1, Math.round(key.frame * share));
                last = key.frame;
            }
            state.frames = frames;
        });
    }

    setUnits(units) {
        this.editor.change((state) => {
            if (units === state.units) return;
            stretch(state, units === "scene" ? this.editor.depth : 1 / this.editor.depth);
            state.units = units;
        });
    }

    /** Scales all offsets so that the path reaches this far from its start, scene units; now: how far it reaches. */
    setReach(reach, now) {
        this.editor.change((state) => stretch(state, reach / now));
    }

    /** Keyframes to the height above the ground that the start has. */
    async level() {
        const { editor } = this;
        const places = editor.keys.map((camera) => position(invertPose(camera.w2c)));
        const { heights } = await editor.analyst.ask("ground", { places, depth: editor.depth });
        if (heights[0] === null) return editor.say(text("no_ground"));
        const eye = heights[0] - places[0][1];
        editor.change((state) => {
            let unknown = 0;
            state.keyframes.forEach((key, i) => {
                if (i === 0) return;
                if (heights[i] === null) return unknown++;
                const c2w = invertPose(editor.keys[i].w2c);
                c2w[7] = heights[i] - eye;
                const moved = keyframeOf({ w2c: invertPose(c2w), intrinsics: editor.keys[i].intrinsics }, editor.start, key.frame, editor.unit, key);
                Object.assign(key, { right: moved.right, up: moved.up, forward: moved.forward });
            });
            if (unknown) editor.say(text("ground_unknown", { count: unknown }));
        });
    }

    copy() {
        const { editor } = this;
        if (!editor.editing) return;
        const { units, keyframes } = editor.state;
        clipboard = { units, keyframes: structuredClone(editor.selected > 0 ? [keyframes[editor.selected]] : keyframes) };
        navigator.clipboard?.writeText?.(formatKeyframes(clipboard.units, clipboard.keyframes)).catch(() => editor.say(text("copy_here_only")));
        editor.say(text("copied", { count: clipboard.keyframes.length }));
    }

    /** One keyframe is pasted at the current frame, a whole path in place of this one. */
    paste() {
        const { editor } = this;
        if (!clipboard || !editor.editable) return;
        const factor = (clipboard.units === "scene" ? 1 : editor.depth) / editor.unit;
        const pasted = clipboard.keyframes.map((key) => ({ ...key, right: key.right * factor, up: key.up * factor, forward: key.forward * factor }));
        if (pasted.length === 1 && pasted[0].frame > 0) return this.add(cameraOf(pasted[0], editor.start, editor.unit));
        editor.change((state) => {
            state.preset = "keyframes";
            state.keyframes = pasted;
            state.frames = Math.max(state.frames, pasted.at(-1).frame + 1);
        });
    }
}

const still = (c2w) => pose(rotation(c2w), [0, 0, 0]);

function stretch(state, factor) {
    for (const key of state.keyframes) for (const name of ["right", "up", "forward"]) key[name] *= factor;
}
