// The editor of the Camera Path node. All it knows lives in the node's own widgets (preset, frames, keyframes,
// close_loop, ...): closing the page loses nothing, and a workflow file makes the same path without it.
import { TransformControls } from "three/addons/controls/TransformControls.js";
import { Analyst } from "./analyst.mjs";
import { clipRounds } from "./clips.mjs";
import { focalOf, fovOf, imageRectangle } from "./conventions.mjs";
import { Latest, announce, choiceField, download, fullDialog, h, numberField } from "./dom.mjs";
import { CUT_BY, DRAWN_BY, nodeAfter, numbersOf } from "./graph.mjs";
import { api, app, captureChange, fetchFile, isLinked, lastReport, linkedInputs, runOnly, setWidget, viewUrl, widgetOf } from "./host.mjs";
import { IDENTITY, axis, dot, invertPose, position, subtract, transformPoint } from "./matrix.mjs";
import {
    EASINGS, PRESETS, cameraOf, cameraPath, formatKeyframes, keyframe, keyframeFov, keyframeOf, keyframePath, keyframesOf,
    parseKeyframes, roundStarts, unwound,
} from "./path.mjs"; // prettier-ignore
import { Handle, PathScene } from "./path_scene.mjs";
import { decodePoints } from "./points.mjs";
import { useStyle } from "./style.mjs";
import { text } from "./texts.mjs";
import { Timeline } from "./timeline.mjs";
import { Viewer } from "./viewer.mjs";

const SETTINGS = ["preset", "frames", "angle", "distance", "easing", "base_motion", "turns", "close_loop", "closing_frames"];
const DRIVEN = [...SETTINGS, "keyframes", "depth", "fov", "width", "height"];
const EDITED = ["preset", "frames", "keyframes", "close_loop", "angle", "distance", "easing", "base_motion", "turns"];
const PRESET_FIELDS = {
    pan: ["angle"], tilt: ["angle"], roll: ["angle"], orbit: ["angle"],
    dolly: ["distance"], truck: ["distance"], pedestal: ["distance"], dolly_zoom: ["distance"], full_loop: ["distance"],
    spiral: ["distance", "turns"], out_and_back: ["base_motion", "angle", "distance"],
}; // prettier-ignore
const FORMATS = ["keyframes", "spatia", "realestate10k", "nerfstudio", "colmap"];
const GRAB = 12; // pixels from a keyframe's dot
// Pixels of the picture that coverage is measured on. A prime: a cloud made of a picture's pixels is a regular grid at the
// first frame, and a measure in step with it would hit all the gaps or none.
const MEASURE_WIDTH = 101;
const PREVIEW_PIXELS = 250000; // of the small preview

let clipboard = null; // keyframes copied in this page, with their unit

export async function openCameraEditor(node) {
    useStyle();
    const editor = new CameraEditor(node);
    try {
        editor.start3d();
    } catch (error) {
        editor.close();
        throw new Error(text("no_webgl", { message: error.message }));
    }
    // What the browser tests, and a curious user's console, look at.
    window.spatiaEditor = editor;
    await editor.loadScene();
    return editor;
}

export class CameraEditor {
    constructor(node) {
        this.node = node;
        this.undone = [];
        this.done = [];
        this.frame = 0;
        this.selected = 0;
        this.view = "free";
        this.facts = null;
        this.coverage = [];
        this.warnings = [];
        this.scenes = new Latest();
        node.spatiaReported = (report) => this.useReport(report).catch((error) => this.say(error.message));
        this.onError = ({ detail }) => this.say(`${detail.node_type}: ${detail.exception_message}`);
        api.addEventListener("execution_error", this.onError);
        this.build();
    }

    start3d() {
        this.viewer = new Viewer(this.stage, { label: text("view_label") });
        this.scene = new PathScene(this.viewer);
        this.analyst = new Analyst();
        this.analyst.failed = (message) => this.say(message);
        this.handle = new Handle();
        this.viewer.world.add(this.handle);
        this.gizmo = new TransformControls(this.viewer.camera, this.viewer.canvas);
        this.gizmo.setSize(0.8);
        this.viewer.scene.add(this.gizmo.getHelper());
        this.connectView();
        this.resizes = new ResizeObserver(() => this.state && this.showView());
        this.resizes.observe(this.stage);
        this.read();
        this.refresh({ measure: true });
        this.overlook();
        this.viewer.canvas.focus();
    }

    // --- what the node says ---

    value(name) {
        return widgetOf(this.node, name)?.value;
    }

    /** Reads the widgets into this.state. A text that does not parse is shown as it is, and not written over. */
    read() {
        const state = Object.fromEntries(SETTINGS.map((name) => [name, this.value(name)]));
        this.problem = null;
        try {
            Object.assign(state, parseKeyframes(String(this.value("keyframes") ?? "")));
        } catch (error) {
            if (state.preset === "keyframes") this.problem = text("bad_keyframes", { message: error.message });
            Object.assign(state, { units: "depth", keyframes: [keyframe({ frame: 0 })] });
        }
        this.state = state;
        this.linked = linkedInputs(this.node, DRIVEN);
    }

    get editable() {
        return !["preset", "frames", "keyframes"].some((name) => this.linked.includes(name));
    }

    /** Whether the start and its picture are those of the last run, and not of this node's own widgets. */
    get reported() {
        return Boolean(this.facts) && (this.hasMemory || this.linked.some((name) => ["fov", "width", "height"].includes(name)));
    }

    /** The camera the path begins at: the memory's last one, as the last run reported it, else the world's origin. */
    get start() {
        if (this.reported) return this.facts.start;
        const [fov, width, height] = ["fov", "width", "height"].map((name) => this.value(name));
        const fx = focalOf(fov);
        return { w2c: [...IDENTITY], intrinsics: [fx, (fx * width) / height, 0.5, 0.5] };
    }

    /** The camera that close_loop returns to: that of the given image, or the start. */
    get first() {
        return this.reported ? this.facts.first : this.start;
    }

    get hasMemory() {
        return isLinked(this.node, "memory");
    }

    get depth() {
        if (this.linked.includes("depth")) return this.facts?.depth ?? 1;
        const set = this.value("depth");
        if (set > 0) return set;
        return (this.reported && this.facts.scene_depth) || 1;
    }

    get size() {
        if (this.reported) return [this.facts.width, this.facts.height];
        return [this.value("width"), this.value("height")];
    }

    get unit() {
        return this.state.units === "scene" ? 1 : this.depth;
    }

    /** Frames per clip, from the node that cuts this path. */
    get rounds() {
        const cut = nodeAfter(this.node, CUT_BY);
        const { first_frames, later_frames, history_frames } = numbersOf(cut, { first_frames: 121, later_frames: 81, history_frames: 9 });
        return clipRounds(first_frames, later_frames, history_frames, this.hasMemory && this.facts?.video_frames > 1);
    }

    /** How the node that draws the scene along this path does it, so that the preview is what the network gets. */
    get drawing() {
        const { radius, points_per_pixel } = numbersOf(nodeAfter(this.node, DRAWN_BY), { radius: 0.01, points_per_pixel: 5 });
        return { radius, layers: points_per_pixel };
    }

    // --- the scene ---

    async loadScene() {
        const latest = this.scenes.begin();
        try {
            const report = this.node.spatiaReport ?? (await lastReport(this.node, "spatia_path"));
            if (report) await this.useReport(report, latest);
        } catch (error) {
            this.say(error.message);
        }
        this.looked = true; // for an earlier run, before asking for a new one
        this.notices();
    }

    /** Shows what a run of this node reported, unless another scene is wanted meanwhile. */
    async useReport(report, latest = this.scenes.begin()) {
        const facts = await fetchFile(report.facts);
        if (this.ended || !latest()) return;
        if (!facts) return this.notices();
        this.facts = JSON.parse(new TextDecoder().decode(facts));
        await this.showPoints(this.hasMemory ? report.points : null, latest);
        if (this.ended || !latest()) return;
        if (report.image && this.hasMemory) this.scene.showImage(viewUrl(report.image));
        this.refresh({ measure: true });
        this.overlook();
        this.notices();
    }

    /** Shows a packed cloud of the temp folder, none for null, unless another scene is wanted meanwhile. */
    async showPoints(file, latest = this.scenes.begin()) {
        const points = file && (await fetchFile(file));
        if (this.ended || !latest()) return;
        const cloud = points && decodePoints(points);
        this.viewer.setCloud(cloud);
        this.analyst.setCloud(cloud, this.depth);
    }

    /** The free camera stands behind, above and beside the start and sees the path before it. */
    overlook() {
        const c2w = invertPose(this.start.w2c);
        const place = (right, down, forward) => transformPoint(c2w, [right, down, forward].map((v) => v * this.depth));
        this.viewer.lookAt(place(0.55, -0.6, -0.95), place(0, 0, 0.35));
    }

    // --- drawing ---

    /** Computes the path and shows it everywhere. measure: ask for coverage and warnings as well. */
    refresh({ measure = false } = {}) {
        const { state } = this;
        try {
            if (this.problem) throw new Error(this.problem);
            if (this.executed) this.path = this.facts.path;
            else this.path = cameraPath(state, this.start, this.first, this.depth);
            this.failure = null;
        } catch (error) {
            this.failure = error.message;
            this.path = [this.start];
        }
        this.frame = Math.min(this.frame, this.path.length - 1);
        this.keys = this.editing ? state.keyframes.map((key) => cameraOf(key, this.start, this.unit)) : [];
        this.selected = Math.min(this.selected, this.keys.length - 1);
        this.scene.show({
            path: this.path, keys: this.keys, selected: this.selected, frame: this.frame, start: this.start, reach: 0.12 * this.depth,
        }); // prettier-ignore
        this.scene.visible = this.view === "free";
        this.placeGizmo();
        this.showFields();
        this.showView();
        if (measure) this.measure();
        this.showTime();
        this.notices();
    }

    /** Whether the path is not computed here: its values come over links, or from another node's view. */
    get executed() {
        const told = this.state.preset === "keyframes" ? ["preset", "frames", "keyframes", "close_loop", "closing_frames"] : SETTINGS;
        const links = this.linked.some((name) => told.includes(name));
        return Boolean(this.facts) && (links || this.state.preset === "to_view");
    }

    get editing() {
        return this.state.preset === "keyframes" && this.editable && !this.problem;
    }

    measure() {
        const [w, high] = this.size;
        const width = Math.min(MEASURE_WIDTH, w);
        this.coverage = [];
        const request = { path: this.path, width, height: Math.max(1, Math.round((width * high) / w)), options: this.drawing, loop: this.first, depth: this.depth };
        this.analyst.preflight(request,
            (frame, share) => {
                this.coverage[frame] = share;
                this.timeline.show({ coverage: this.coverage });
            },
            (warnings) => {
                this.warnings = warnings;
                this.showWarnings();
            },
        ); // prettier-ignore
        this.showPreview();
    }

    async showPreview() {
        // One at a time, the latest wish next: scrubbing asks faster than pictures are drawn.
        if (this.previewing) return (this.previewAgain = true);
        this.previewing = true;
        try {
            do {
                this.previewAgain = false;
                const frame = this.frame;
                const [w, high] = this.size;
                const full = this.view === "projection";
                const shrink = full ? 1 : Math.min(1, Math.sqrt(PREVIEW_PIXELS / (w * high)));
                const request = { camera: this.path[frame], width: Math.round(w * shrink), height: Math.round(high * shrink), options: this.drawing };
                const { pixels, width, height, coverage } = await this.analyst.preview(request);
                if (this.ended) return;
                const picture = new ImageData(pixels, width, height);
                for (const canvas of full ? [this.preview, this.projection] : [this.preview]) {
                    canvas.width = width;
                    canvas.height = height;
                    canvas.getContext("2d").putImageData(picture, 0, 0);
                }
                this.preview.dataset.frame = frame;
                this.previewText.textContent = text("preview_text", { frame, share: Math.round(100 * coverage) });
            } while (this.previewAgain);
        } catch (error) {
            this.say(error.message);
        } finally {
            this.previewing = false;
        }
    }

    showTime() {
        const { first, later } = this.rounds;
        this.timeline.show({
            frames: this.path.length, frame: this.frame, keys: this.editing ? this.state.keyframes.map((key) => key.frame) : [],
            selected: this.selected, rounds: roundStarts(this.path.length, first, later), coverage: this.coverage,
            warnings: this.warnings, editable: this.editing, roundLabel: (number) => text("clip", { number }),
        }); // prettier-ignore
        this.frameText.textContent = `${this.frame} / ${this.path.length - 1}`;
    }

    showWarnings() {
        this.warningList.replaceChildren(
            ...this.warnings.map(({ kind, from, to }) =>
                h("button", { type: "button", onclick: () => this.goTo(from) }, text(`warn_${kind}`, { range: from === to ? from : `${from} – ${to}` })),
            ),
        );
        if (!this.warnings.length) this.warningList.append(text("no_warning"));
        this.showTime();
    }

    notices() {
        const lines = [];
        if (this.linked.length) lines.push(text("linked", { names: this.linked.join(", ") }));
        if (this.failure) lines.push(this.failure);
        if (this.state.preset === "to_view") lines.push(text("to_view"));
        this.notice.replaceChildren(...lines.map((line) => h("div", {}, line)));
        if (this.hasMemory && !this.viewer.cloud && this.looked) {
            this.notice.append(h("div", {}, text("no_cloud"), " ", h("button", { type: "button", class: "main", onclick: () => this.run() }, text("load_scene"))));
        }
    }

    async run() {
        this.say(text("load_scene_running"));
        const refused = await runOnly(this.node);
        if (refused) this.say(refused);
    }

    say(message) {
        announce(this.messages, message);
    }

    showView() {
        const { view } = this;
        const through = view === "free" ? null : this.path[this.frame];
        const [width, height] = this.size;
        this.viewer.viewThrough(through && { c2w: invertPose(through.w2c), intrinsics: through.intrinsics, aspect: width / height });
        this.overlay.hidden = view === "free";
        this.projection.hidden = view !== "projection";
        const area = imageRectangle(width / height, this.stage.clientWidth, this.stage.clientHeight);
        for (const side of ["left", "top", "width", "height"]) this.overlay.style[side] = `${area[side]}px`;
        for (const [name, button] of Object.entries(this.viewButtons)) button.setAttribute("aria-pressed", name === view);
        // The gizmo's own picking expects a free camera; a dot that is dragged by itself needs none.
        if (!this.dragged) this.gizmo.enabled = view === "free";
        this.hint.textContent = text(view === "free" ? `hint_${this.viewer.navigation.mode}` : "hint_through");
    }

    placeGizmo() {
        const camera = this.keys[this.selected];
        if (!camera || this.selected === 0 || this.view !== "free") {
            this.gizmo.detach();
            return;
        }
        if (!this.gizmo.dragging) this.handle.c2w = invertPose(camera.w2c);
        if (this.gizmo.object !== this.handle) this.gizmo.attach(this.handle);
    }

    showFields() {
        const { state, fields } = this;
        const key = this.editing ? state.keyframes[this.selected] : null;
        for (const name of ["frames", "close_loop", "preset", "angle", "distance", "easing", "base_motion", "turns"]) {
            fields[name].show(state[name]);
            fields[name].enable(!this.linked.includes(name) && (name !== "preset" || this.editable));
        }
        const shown = PRESET_FIELDS[state.preset] ?? [];
        for (const name of ["angle", "distance", "base_motion", "turns"]) fields[name].row.hidden = !shown.includes(name);
        fields.easing.row.hidden = ["keyframes", "static"].includes(state.preset);
        this.toKeyframes.hidden = state.preset === "keyframes" || !this.editable;
        fields.units.show(state.units);
        fields.units.enable(this.editing);
        const reach = Math.max(0, ...this.path.map((camera) => Math.hypot(...subtract(position(invertPose(camera.w2c)), position(invertPose(this.path[0].w2c))))));
        fields.reach.show(reach);
        fields.reach.enable(this.editing && reach > 0);
        const movable = this.editing && this.selected > 0;
        for (const name of ["frame", "right", "up", "forward", "yaw", "pitch", "roll"]) {
            fields[name].show(key?.[name]);
            fields[name].enable(movable);
        }
        fields.fov.show(key ? keyframeFov(key, this.start) : null);
        fields.fov.enable(movable);
        fields.key_easing.show(key?.easing ?? "linear");
        fields.key_easing.enable(movable);
        const tools = this.tools;
        tools.undo.disabled = !this.done.length;
        tools.redo.disabled = !this.undone.length;
        tools.add.disabled = !this.editable || Boolean(this.problem);
        tools.remove.disabled = !movable;
        tools.copy.disabled = !this.editing;
        tools.paste.disabled = !this.editable;
        tools.level.disabled = !this.editing || !this.viewer.cloud;
        tools.import.disabled = !this.editable;
        for (const mode of ["translate", "rotate"]) tools[mode].setAttribute("aria-pressed", this.gizmo.mode === mode);
        for (const mode of ["orbit", "fly"]) tools[mode].setAttribute("aria-pressed", this.viewer.navigation.mode === mode);
    }

    // --- changes ---

    snapshot() {
        return JSON.stringify({ ...Object.fromEntries(EDITED.map((name) => [name, this.value(name)])), selected: this.selected });
    }

    /** Makes one undoable change: alter(state) changes this.state, which is then written to the widgets. */
    change(alter, { settled = true } = {}) {
        this.before ??= this.snapshot();
        const kept = structuredClone(this.state);
        try {
            alter(this.state);
            this.check();
        } catch (error) {
            this.state = kept;
            this.say(error.message);
        }
        this.write();
        this.refresh({ measure: settled });
        if (settled) {
            if (this.before !== this.snapshot()) {
                this.done.push(this.before);
                this.undone = [];
                captureChange();
            }
            this.before = null;
            this.showFields();
        }
    }

    /** What the node would refuse is refused here, before it is written. */
    check() {
        const { state } = this;
        state.keyframes.sort((a, b) => a.frame - b.frame);
        if (state.preset === "keyframes") {
            parseKeyframes(formatKeyframes(state.units, state.keyframes));
            keyframePath(state.units, state.keyframes, this.start, state.frames, this.depth);
        }
    }

    write() {
        const { state, node } = this;
        for (const name of EDITED) {
            if (this.linked.includes(name) || name === "keyframes") continue;
            setWidget(node, name, state[name]);
        }
        if (state.preset === "keyframes" && !this.linked.includes("keyframes")) setWidget(node, "keyframes", formatKeyframes(state.units, state.keyframes));
    }

    restore(from, to) {
        if (!from.length) return;
        to.push(this.snapshot());
        const saved = JSON.parse(from.pop());
        for (const name of EDITED) if (!this.linked.includes(name)) setWidget(this.node, name, saved[name]);
        this.selected = saved.selected;
        this.before = null;
        this.read();
        this.refresh({ measure: true });
        captureChange();
    }

    undo() {
        this.restore(this.done, this.undone);
    }

    redo() {
        this.restore(this.undone, this.done);
    }

    /** Turns what a preset draws into keyframes, so that it can be changed by hand. */
    toKeyframesNow(state) {
        if (state.preset === "keyframes") return;
        // Without its closing: that stays a setting of the node, and would be applied twice.
        const open = cameraPath({ ...state, close_loop: "off" }, this.start, this.first, this.depth);
        state.keyframes = keyframesOf(open, this.start, state.units, this.depth);
        state.preset = "keyframes";
    }

    /** Adds a keyframe at the current frame, or replaces the one there. camera: default the path's own. */
    addKeyframe(camera) {
        if (!this.editable || this.problem) return;
        this.change((state) => {
            this.toKeyframesNow(state);
            let frame = this.frame;
            if (frame === 0 || frame >= state.frames) {
                // Frame 0 is the start itself: the new one goes after the last, or between the last two.
                const last = state.keyframes.at(-1).frame;
                const before = state.keyframes.at(-2)?.frame ?? 0;
                frame = last < state.frames - 1 ? state.frames - 1 : Math.floor((last + before) / 2);
                if (frame === 0 || frame === before || frame === last) throw new Error(text("no_room"));
            }
            const shown = camera ?? this.path[Math.min(frame, this.path.length - 1)];
            const others = state.keyframes.filter((key) => key.frame !== frame);
            const near = others.filter((key) => key.frame < frame).at(-1);
            const added = keyframeOf(shown, this.start, frame, this.unit, near);
            state.keyframes = [...others, added].sort((a, b) => a.frame - b.frame);
            this.selected = state.keyframes.indexOf(added);
            this.frame = frame;
        });
    }

    /** A keyframe where the free camera stands. */
    addFromView() {
        const focal = this.path[this.frame]?.intrinsics ?? this.start.intrinsics;
        this.addKeyframe({ w2c: invertPose(this.viewer.pose()), intrinsics: focal });
    }

    removeKeyframe() {
        if (!this.editing || this.selected < 1) return;
        this.change((state) => {
            state.keyframes.splice(this.selected, 1);
            this.selected = Math.min(this.selected, state.keyframes.length - 1);
        });
    }

    /** Sets values of the selected keyframe. */
    setKey(values, options) {
        this.change((state) => Object.assign(state.keyframes[this.selected], values), options);
    }

    setKeyPose(c2w, options) {
        const key = this.state.keyframes[this.selected];
        const camera = { w2c: invertPose(c2w), intrinsics: this.keys[this.selected].intrinsics };
        const { right, up, forward, ...angles } = keyframeOf(camera, this.start, key.frame, this.unit, key);
        this.setKey({ right, up, forward, ...unwound(angles, key) }, options);
    }

    retime(index, frame, settled) {
        this.change((state) => {
            const keys = state.keyframes;
            const low = keys[index - 1].frame + 1;
            const high = (keys[index + 1]?.frame ?? state.frames) - 1;
            keys[index].frame = Math.max(low, Math.min(high, frame));
            this.selected = index;
            this.frame = keys[index].frame;
        }, { settled }); // prettier-ignore
    }

    /** The loop ends on its first pose: a keyframe there at the last frame, and close_loop for the last digit. */
    setLoop(mode) {
        this.change((state) => {
            state.close_loop = mode;
            if (mode !== "blend" || state.preset !== "keyframes") return;
            const target = this.first;
            const others = state.keyframes.filter((key) => key.frame !== state.frames - 1);
            state.keyframes = [...others, keyframeOf(target, this.start, state.frames - 1, this.unit, others.at(-1))];
        });
    }

    setFrames(frames) {
        this.change((state) => {
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
        this.change((state) => {
            const factor = units === "scene" ? this.depth : 1 / this.depth;
            if (units === state.units) return;
            for (const key of state.keyframes) for (const name of ["right", "up", "forward"]) key[name] *= factor;
            state.units = units;
        });
    }

    /** Scales all offsets so that the path reaches this far from its start, scene units. */
    setReach(reach) {
        const now = Number(this.fields.reach.input.dataset.value);
        this.change((state) => {
            for (const key of state.keyframes) for (const name of ["right", "up", "forward"]) key[name] *= reach / now;
        });
    }

    /** Keyframes to the height above the ground that the start has. */
    async level() {
        const places = this.keys.map((camera) => position(invertPose(camera.w2c)));
        const heights = await this.analyst.ground(places, this.depth);
        if (heights[0] === null) return this.say(text("no_ground"));
        const eye = heights[0] - places[0][1];
        this.change((state) => {
            let unknown = 0;
            state.keyframes.forEach((key, i) => {
                if (i === 0) return;
                if (heights[i] === null) return unknown++;
                const c2w = invertPose(this.keys[i].w2c);
                c2w[7] = heights[i] - eye;
                const moved = keyframeOf({ w2c: invertPose(c2w), intrinsics: this.keys[i].intrinsics }, this.start, key.frame, this.unit, key);
                Object.assign(key, { right: moved.right, up: moved.up, forward: moved.forward });
            });
            if (unknown) this.say(text("ground_unknown", { count: unknown }));
        });
    }

    copy() {
        if (!this.editing) return;
        clipboard = { units: this.state.units, keyframes: structuredClone(this.selected > 0 ? [this.state.keyframes[this.selected]] : this.state.keyframes) };
        navigator.clipboard?.writeText?.(formatKeyframes(clipboard.units, clipboard.keyframes)).catch(() => this.say(text("copy_here_only")));
        this.say(text("copied", { count: clipboard.keyframes.length }));
    }

    /** One keyframe is pasted at the current frame, a whole path in place of this one. */
    paste() {
        if (!clipboard || !this.editable) return;
        const factor = (clipboard.units === "scene" ? 1 : this.depth) / this.unit;
        const pasted = clipboard.keyframes.map((key) => ({ ...key, right: key.right * factor, up: key.up * factor, forward: key.forward * factor }));
        if (pasted.length === 1 && pasted[0].frame > 0) return this.addKeyframe(cameraOf(pasted[0], this.start, this.unit));
        this.change((state) => {
            state.preset = "keyframes";
            state.keyframes = pasted;
            state.frames = Math.max(state.frames, pasted.at(-1).frame + 1);
        });
    }

    // --- files ---

    async importFiles(files) {
        try {
            // Of two files the poses come first: the others are named intrinsics.txt by the release, cameras.txt by COLMAP.
            const last = ({ name }) => /^(intrinsics|cameras)\b/i.test(name);
            const texts = await Promise.all([...files].sort((a, b) => last(a) - last(b)).map((file) => file.text()));
            let read;
            try {
                read = parseKeyframes(texts[0]);
            } catch {
                // Not this node's own text: the server knows the camera formats.
                read = await this.importCameras(texts);
            }
            this.change((state) => {
                Object.assign(state, { preset: "keyframes", units: read.units, keyframes: read.keyframes });
                state.frames = read.frames ?? Math.max(state.frames, read.keyframes.at(-1).frame + 1);
            });
        } catch (error) {
            this.say(error.message);
        }
    }

    async importCameras(texts) {
        const [width, height] = this.size;
        // The file with the poses is the one that reads as cameras; the other holds intrinsics.
        let answer;
        for (const order of [texts, [...texts].reverse()]) {
            answer = await post("/spatia/cameras/read", { text: order[0], intrinsics: order[1] ?? "", width, height });
            if (!answer.error) break;
        }
        if (answer.error) throw new Error(answer.error);
        const { cameras } = answer;
        return { units: "scene", frames: cameras.length, keyframes: keyframesOf(cameras, this.start, "scene", this.depth, 0.002 * this.depth, 64) };
    }

    async exportFile(format) {
        try {
            if (format === "keyframes") return download("keyframes.json", formatKeyframes(this.state.units, this.state.keyframes));
            const [width, height] = this.size;
            const answer = await post("/spatia/cameras/write", { cameras: this.path, format, width, height });
            if (answer.error) throw new Error(answer.error);
            for (const [name, content] of Object.entries(answer.files)) download(name, content);
        } catch (error) {
            this.say(error.message);
        }
    }

    // --- time ---

    goTo(frame) {
        this.frame = Math.max(0, Math.min(this.path.length - 1, frame));
        this.scene.show({
            path: this.path, keys: this.keys, selected: this.selected, frame: this.frame, start: this.start, reach: 0.12 * this.depth,
        }); // prettier-ignore
        if (this.view !== "free") this.showView();
        this.showTime();
        this.showPreview();
    }

    play() {
        if (this.playing) return this.pause();
        const begun = performance.now();
        const from = this.frame >= this.path.length - 1 ? 0 : this.frame;
        const rate = Number(this.rate.value) || 24;
        this.tools.play.textContent = "❚❚";
        const step = (now) => {
            const frame = from + Math.floor(((now - begun) / 1000) * rate);
            if (frame >= this.path.length - 1) {
                this.goTo(this.path.length - 1);
                return this.pause();
            }
            if (frame !== this.frame) this.goTo(frame);
            this.playing = requestAnimationFrame(step);
        };
        this.playing = requestAnimationFrame(step);
    }

    pause() {
        cancelAnimationFrame(this.playing);
        this.playing = null;
        this.tools.play.textContent = "▶";
    }

    // --- the dialog ---

    setView(view) {
        this.view = view;
        this.refresh();
        this.showPreview();
    }

    select(index) {
        this.selected = index;
        if (this.state.keyframes[index]) this.frame = Math.min(this.state.keyframes[index].frame, this.path.length - 1);
        this.refresh();
        this.showPreview();
    }

    setNavigation(mode) {
        this.viewer.navigation.mode = mode;
        this.viewer.canvas.focus();
        this.refresh();
    }

    build() {
        const tool = (name, act, label) => h("button", { type: "button", name, title: text(name), onclick: act }, label ?? text(name));
        const gap = () => h("span", { class: "gap" });
        this.fileInput = h("input", { type: "file", accept: ".txt,.json", multiple: true, hidden: true, onchange: () => {
            this.importFiles(this.fileInput.files);
            this.fileInput.value = "";
        } }); // prettier-ignore
        this.exportSelect = h("select", { name: "export", "aria-label": text("export"), onchange: () => {
            this.exportFile(this.exportSelect.value);
            this.exportSelect.value = "";
        } }, h("option", { value: "" }, text("export")), FORMATS.map((format) => h("option", { value: format }, format))); // prettier-ignore
        this.tools = {
            undo: tool("undo", () => this.undo(), "↶"),
            redo: tool("redo", () => this.redo(), "↷"),
            add: tool("add", () => this.addKeyframe()),
            from_view: tool("from_view", () => this.addFromView()),
            remove: tool("remove", () => this.removeKeyframe()),
            copy: tool("copy", () => this.copy()),
            paste: tool("paste", () => this.paste()),
            level: tool("level", () => this.level()),
            translate: tool("translate", () => this.setGizmo("translate")),
            rotate: tool("rotate", () => this.setGizmo("rotate")),
            orbit: tool("orbit", () => this.setNavigation("orbit")),
            fly: tool("fly", () => this.setNavigation("fly")),
            import: tool("import", () => this.fileInput.click()),
            play: tool("play", () => this.play(), "▶"),
        };
        this.viewButtons = Object.fromEntries(["free", "camera", "projection"].map((view) => [view, tool(`view_${view}`, () => this.setView(view))]));
        const t = this.tools;
        const bar = h("div", { class: "tools", role: "toolbar", "aria-label": text("edit_path") },
            h("h2", {}, text("edit_path")), t.undo, t.redo, gap(), t.add, t.from_view, t.remove, t.copy, t.paste, t.level, gap(), t.translate, t.rotate, gap(),
            t.orbit, t.fly, gap(), ...Object.values(this.viewButtons), gap(), t.import, this.exportSelect, this.fileInput,
            h("button", { type: "button", name: "done", class: "main last", onclick: () => this.close() }, text("done")),
        ); // prettier-ignore

        this.stage = h("div", { class: "stage" });
        this.projection = h("canvas", { hidden: true });
        this.overlay = h("div", { class: "overlay", hidden: true }, this.projection);
        this.hint = h("div", { class: "hint" });
        this.notice = h("div");
        this.messages = h("div", { role: "status" });
        const view = h("div", { class: "view" }, this.stage, this.overlay, this.hint, h("div", { class: "notice" }, this.notice, this.messages));

        this.frameText = h("output", { name: "frame" });
        this.rate = h("input", { type: "number", name: "rate", min: 1, max: 120, value: 24, "aria-label": text("rate"), title: text("rate") });
        const strip = h("canvas", { class: "timeline" });
        const time = h("div", { class: "time" }, h("div", { class: "play" }, t.play, this.frameText, this.rate), strip);
        this.timeline = new Timeline(strip, text("timeline"));
        this.timeline.addEventListener("scrub", ({ detail }) => this.goTo(detail.frame));
        this.timeline.addEventListener("select", ({ detail }) => this.select(detail.index));
        this.timeline.addEventListener("retime", ({ detail }) => this.retime(detail.index, detail.frame, detail.done));

        this.dialog = fullDialog({ name: "camera-editor", label: text("edit_path"), keys: (event) => this.key(event), closed: () => this.dispose() });
        this.dialog.element.append(bar, view, this.buildSide(), time);
    }

    buildSide() {
        const setting = (name) => (value) => this.change((state) => (state[name] = value));
        const number = (name, options, change) => numberField({ label: text(`field_${name}`), name, change: change ?? ((value) => this.setKey({ [name]: value })), ...options });
        const listed = (name) => widgetOf(this.node, name)?.options?.values ?? [];
        const choice = (name, options, change) => choiceField({ label: text(`field_${name}`), name, options: options.map((o) => [o, text(`option_${o}`)]), change });
        const presets = listed("preset").length ? listed("preset") : [...PRESETS, "keyframes"];
        this.fields = {
            preset: choice("preset", presets, (value) => this.change((state) => {
                if (value === "keyframes") this.toKeyframesNow(state);
                else state.preset = value;
            })),
            angle: number("angle", { step: 1, digits: 3 }, setting("angle")),
            distance: number("distance", {}, setting("distance")),
            turns: number("turns", { step: 0.25 }, setting("turns")),
            base_motion: choice("base_motion", listed("base_motion"), setting("base_motion")),
            easing: choice("easing", listed("easing"), setting("easing")),
            frames: number("frames", { step: 1, min: 2, max: 10000 }, (value) => this.setFrames(Math.round(value))),
            close_loop: choice("close_loop", listed("close_loop"), (value) => this.setLoop(value)),
            units: choice("units", ["depth", "scene"], (value) => this.setUnits(value)),
            reach: number("reach", { min: 0 }, (value) => value > 0 && this.setReach(value)),
            frame: number("frame", { step: 1, min: 1, digits: 0 }, (value) => this.retime(this.selected, Math.round(value), true)),
            right: number("right"), up: number("up"), forward: number("forward"),
            yaw: number("yaw", { step: 1 }), pitch: number("pitch", { step: 1 }), roll: number("roll", { step: 1 }),
            fov: number("fov", { step: 1, min: 1, max: 179 }, (fov) => this.setKey({ zoom: 1, fov: Math.abs(fov - fovOf(this.start.intrinsics[0])) < 1e-4 ? null : fov })),
            key_easing: choice("key_easing", EASINGS, (easing) => this.setKey({ easing })),
        }; // prettier-ignore
        const show = this.fields.reach.show;
        this.fields.reach.show = (value) => {
            this.fields.reach.input.dataset.value = value;
            show(value);
        };
        this.toKeyframes = h("button", { type: "button", name: "to_keyframes", onclick: () => this.change((state) => this.toKeyframesNow(state)) }, text("to_keyframes"));
        this.preview = h("canvas", { title: text("preview_title"), onclick: () => this.setView(this.view === "projection" ? "free" : "projection") });
        this.previewText = h("div");
        this.warningList = h("div", { class: "warnings", role: "status" });
        const f = this.fields;
        const group = (name, ...children) => h("fieldset", { class: name }, h("legend", {}, text(`group_${name}`)), ...children);
        return h("div", { class: "side" },
            group("path", f.preset.row, f.angle.row, f.distance.row, f.turns.row, f.base_motion.row, f.easing.row, this.toKeyframes, f.frames.row, f.close_loop.row, f.units.row, f.reach.row),
            group("keyframe", f.frame.row, f.right.row, f.up.row, f.forward.row, f.yaw.row, f.pitch.row, f.roll.row, f.fov.row, f.key_easing.row),
            group("preview", this.preview, this.previewText),
            group("warnings", this.warningList),
        ); // prettier-ignore
    }

    setGizmo(mode) {
        this.gizmo.setMode(mode);
        this.gizmo.setSpace(mode === "rotate" ? "local" : "world");
        this.showFields();
        this.viewer.invalidate();
    }

    connectView() {
        const { canvas } = this.viewer;
        this.gizmo.addEventListener("change", () => this.viewer.invalidate());
        this.gizmo.addEventListener("dragging-changed", ({ value }) => {
            this.viewer.navigation.enabled = !value;
            if (!value) this.setKeyPose(this.handle.c2w, { settled: true });
        });
        this.gizmo.addEventListener("objectChange", () => this.setKeyPose(this.handle.c2w, { settled: false }));
        canvas.addEventListener("pointerdown", (event) => {
            if (event.button !== 0 || this.view !== "free" || this.gizmo.axis) return;
            const index = this.keyAt(event);
            if (index < 0) return;
            // Held at the depth it has: dragged in the plane that faces the viewer.
            this.viewer.navigation.enabled = false;
            this.gizmo.enabled = false;
            canvas.setPointerCapture(event.pointerId);
            this.select(index);
            if (index > 0) this.dragged = { at: position(invertPose(this.keys[index].w2c)), moved: false };
        }, { capture: true }); // prettier-ignore
        canvas.addEventListener("pointermove", (event) => {
            if (!this.dragged) return;
            const forward = axis(this.viewer.pose(), 2);
            const { origin, direction } = this.viewer.ray(event);
            const reach = dot(subtract(this.dragged.at, origin), forward) / dot(direction, forward);
            const at = origin.map((v, i) => v + reach * direction[i]);
            const c2w = invertPose(this.keys[this.selected].w2c);
            [c2w[3], c2w[7], c2w[11]] = at;
            this.dragged.moved = true;
            this.setKeyPose(c2w, { settled: false });
        });
        const release = () => {
            const moved = this.dragged?.moved;
            this.dragged = null;
            this.gizmo.enabled = this.view === "free";
            if (!this.gizmo.dragging) this.viewer.navigation.enabled = this.view === "free";
            if (moved) this.change(() => {});
        };
        canvas.addEventListener("pointerup", release);
        canvas.addEventListener("pointercancel", release);
    }

    /** Index of the keyframe whose dot is under the mouse, -1 for none. */
    keyAt(event) {
        const box = this.viewer.canvas.getBoundingClientRect();
        const far = this.keys.map((camera, index) => {
            const at = this.viewer.toScreen(position(invertPose(camera.w2c)));
            return { index, far: at ? Math.hypot(at[0] - event.clientX + box.left, at[1] - event.clientY + box.top) : Infinity };
        });
        const nearest = far.sort((a, b) => a.far - b.far || b.index - a.index)[0];
        return nearest && nearest.far < GRAB ? nearest.index : -1;
    }

    key(event) {
        const held = event.ctrlKey || event.metaKey;
        const key = event.key.toLowerCase();
        if (held && key === "z") event.shiftKey ? this.redo() : this.undo();
        else if (held && key === "y") this.redo();
        else if (held && key === "c") this.copy();
        else if (held && key === "v") this.paste();
        else if (held || event.altKey) return false;
        else if (key === "escape") this.close();
        else if (key === "delete" || key === "backspace") this.removeKeyframe();
        else if (event.target.matches?.("button") && (key === " " || key === "enter")) return false;
        else if (key === " ") this.play();
        else if (key === "k") this.addKeyframe();
        else if (key === "v") this.addFromView();
        else if (key === "t") this.setGizmo("translate");
        else if (key === "r") this.setGizmo("rotate");
        else if (key === "f") this.setNavigation(this.viewer.navigation.mode === "fly" ? "orbit" : "fly");
        else if (["1", "2", "3"].includes(key)) this.setView(["free", "camera", "projection"][Number(key) - 1]);
        else if (key === "," || key === ".") this.goTo(this.frame + (key === "." ? 1 : -1));
        else if (key === "pageup" || key === "pagedown") this.select(Math.max(0, Math.min(this.keys.length - 1, this.selected + (key === "pagedown" ? 1 : -1))));
        else return false;
        return true;
    }

    /** Page coordinates of the selected keyframe's dot. */
    dotOfSelected() {
        const box = this.viewer.canvas.getBoundingClientRect();
        const [x, y] = this.viewer.toScreen(position(invertPose(this.keys[this.selected].w2c)));
        return [box.left + x, box.top + y];
    }

    /** Whether the coverage of every frame is known. */
    measured() {
        return this.path.every((_, frame) => this.coverage[frame] !== undefined);
    }

    close() {
        this.dialog.close();
    }

    dispose() {
        this.ended = true;
        if (window.spatiaEditor === this) delete window.spatiaEditor;
        this.pause();
        this.node.spatiaReported = null;
        api.removeEventListener("execution_error", this.onError);
        this.resizes?.disconnect();
        this.timeline.dispose();
        this.gizmo?.detach();
        this.gizmo?.dispose();
        this.analyst?.dispose();
        this.viewer?.dispose();
        app.canvas?.setDirty?.(true, true);
    }
}

async function post(route, body) {
    const response = await api.fetchApi(route, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    if (!response.ok && response.status !== 400) throw new Error(`${route}: the server answered ${response.status}`);
    return response.json();
}
