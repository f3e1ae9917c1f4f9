// The editor of the Camera Path node. All it knows lives in the node's own widgets (preset, frames, keyframes,
// close_loop, ...): closing the page loses nothing, and a workflow file makes the same path without it.
import { CameraFiles } from "./camera_files.mjs";
import { CameraSide, CameraTools } from "./camera_panels.mjs";
import { CameraTime } from "./camera_time.mjs";
import { imageRectangle } from "./conventions.mjs";
import { directorOf } from "./director.mjs";
import { h } from "./dom.mjs";
import { Editor, openEditor } from "./editor.mjs";
import { FlightRecorder } from "./flight_recorder.mjs";
import { fetchFile, linkedInputs, setWidget, viewUrl } from "./host.mjs";
import { KeyframeActions } from "./keyframe_actions.mjs";
import { KeyframeGizmo } from "./keyframe_gizmo.mjs";
import { invertPose, position, transformPoint } from "./matrix.mjs";
import { cameraOf, cameraPath, formatKeyframes, keyframe, keyframePath, parseKeyframes } from "./path.mjs";
import { PathScene } from "./path_scene.mjs";
import { decodePoints, worldPositions } from "./points.mjs";
import { text } from "./texts.mjs";
import { Viewer } from "./viewer.mjs";
import { originOf } from "./widget_path.mjs";
import { WorkerClient } from "./worker_client.mjs";

const SETTINGS = ["preset", "frames", "angle", "distance", "easing", "base_motion", "turns", "close_loop", "closing_frames"];
const DRIVEN = [...SETTINGS, "keyframes", "depth", "fov", "width", "height"];
const EDITED = ["preset", "frames", "keyframes", "close_loop", "angle", "distance", "easing", "base_motion", "turns"];
const VIEWS = ["free", "camera", "projection"];

export const openCameraEditor = (node) => openEditor(CameraEditor, node);

export class CameraEditor extends Editor {
    constructor(node) {
        super(node, { name: "camera-editor", title: "edit_path", report: "spatia_path" });
        this.frame = 0;
        this.selected = 0; // the keyframe whose values are shown
        this.chosen = [0]; // those that are moved together, that one among them
        this.view = "free";
        this.coverage = [];
        this.keyframes = new KeyframeActions(this);
        this.files = new CameraFiles(this);
        this.recorder = new FlightRecorder(this);
        this.build();
    }

    build() {
        this.tools = new CameraTools(this);
        this.projection = h("canvas", { hidden: true });
        const view = this.buildView([this.projection], this.recorder.panel);
        this.time = new CameraTime(this);
        this.side = new CameraSide(this);
        this.openDialog(this.tools.bar, view, this.side.element, this.time.element);
    }

    start3d() {
        this.viewer = new Viewer(this.stage, { label: text("view_label") });
        this.viewer.addEventListener("draw", () => this.recorder.show());
        this.scene = new PathScene(this.viewer);
        this.analyst = new WorkerClient("spatia-worker.mjs", (message) => this.say(message));
        this.gizmo = new KeyframeGizmo(this);
        this.resizes = new ResizeObserver(() => this.state && this.showView());
        this.resizes.observe(this.stage);
        this.read();
        this.refresh({ measure: true });
        this.overlook();
        this.director = directorOf(this);
        this.viewer.canvas.focus();
    }

    // --- what the node says ---

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

    get editing() {
        return this.state.preset === "keyframes" && this.editable && !this.problem;
    }

    /** Whether the start and its picture are those of the last run, and not of this node's own widgets. */
    get reported() {
        return Boolean(this.facts) && (this.hasMemory || this.linked.some((name) => ["fov", "width", "height"].includes(name)));
    }

    /** The camera the path begins at: the memory's last one, as the last run reported it, else the world's origin. */
    get start() {
        return this.reported ? this.facts.start : originOf((name) => this.value(name));
    }

    /** The camera that close_loop returns to: that of the given image, or the start. */
    get first() {
        return this.reported ? this.facts.first : this.start;
    }

    get depth() {
        if (this.linked.includes("depth")) return this.facts?.depth ?? 1;
        const set = this.value("depth");
        if (set > 0) return set;
        return (this.reported && this.facts.scene_depth) || 1;
    }

    /** Scene units of a drawn frustum. */
    get reach() {
        return 0.12 * this.depth;
    }

    get size() {
        if (this.reported) return [this.facts.width, this.facts.height];
        return [this.value("width"), this.value("height")];
    }

    get unit() {
        return this.state.units === "scene" ? 1 : this.depth;
    }

    /** Whether the path is not computed here: its values come over links, or from another node's view. */
    get executed() {
        const told = this.state.preset === "keyframes" ? ["preset", "frames", "keyframes", "close_loop", "closing_frames"] : SETTINGS;
        const links = this.linked.some((name) => told.includes(name));
        return Boolean(this.facts) && (links || this.state.preset === "to_view");
    }

    // --- the scene ---

    /** Shows what a run of this node reported, unless another scene is wanted meanwhile. */
    async useReport(report, latest = this.scenes.begin()) {
        const facts = await fetchFile(report.facts);
        if (this.ended || !latest()) return;
        if (!facts) return this.notices();
        this.facts = JSON.parse(new TextDecoder().decode(facts));
        await this.showPoints(this.hasMemory ? report.points : (this.director?.points ?? null), latest);
        if (this.ended || !latest()) return;
        if (report.image && this.hasMemory) this.scene.showImage(viewUrl(report.image));
        this.refresh({ measure: true });
        if (!this.director) this.overlook(); // who drives on keeps the view
        this.notices();
    }

    /** Shows a packed cloud of the temp folder, none for null, unless another scene is wanted meanwhile. */
    async showPoints(file, latest = this.scenes.begin()) {
        const points = file && (await fetchFile(file));
        if (this.ended || !latest()) return;
        const cloud = points && decodePoints(points);
        this.viewer.setCloud(cloud);
        if (!cloud) return this.analyst.tell("cloud");
        const positions = worldPositions(cloud);
        const colors = cloud.colors.slice();
        this.analyst.tell("cloud", { positions, colors, depth: this.depth }, [positions.buffer, colors.buffer]);
    }

    /** The free camera stands behind, above and beside the start and sees the path before it. */
    overlook() {
        const c2w = invertPose(this.start.w2c);
        const place = (right, down, forward) =>
            transformPoint(
                c2w,
                [right, down, forward].map((v) => v * this.depth),
            );
        this.viewer.lookAt(place(0.55, -0.6, -0.95), place(0, 0, 0.35));
    }

    /** The free camera goes to where it sees the selected keyframes; without any but the start, the whole path. */
    frameSelection() {
        const cameras = this.movable.map((index) => this.keys[index]);
        if (!cameras.length) return this.frameAll();
        this.frameCameras(cameras);
    }

    frameAll() {
        this.frameCameras(this.path);
    }

    frameCameras(cameras) {
        if (this.view !== "free") this.setView("free");
        this.viewer.framePlaces(cameras.map(({ w2c }) => position(invertPose(w2c))), 0.3 * this.depth); // prettier-ignore
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
        this.choose(Math.min(this.selected, this.keys.length - 1), this.chosen);
        this.showPath();
        this.scene.visible = this.view === "free";
        this.showView();
        this.side.show();
        if (measure) this.time.measure();
        this.time.show();
        this.notices();
        this.dispatchEvent(new Event("changed"));
    }

    showPath() {
        this.scene.show({
            path: this.path, keys: this.keys, chosen: this.chosen, frame: this.frame, start: this.start, reach: this.reach,
            coverage: this.coverage,
        }); // prettier-ignore
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
        this.gizmo.place();
        this.recorder.show();
        this.tools.show();
        const free = this.recorder.recording ? "hint_record" : `hint_${this.viewer.navigation.mode}`;
        this.hint.textContent = this.gizmo.picking ? text("hint_pick") : text(view === "free" ? free : "hint_through");
    }

    previewWish() {
        const [width, height] = this.size;
        const { frame } = this;
        const full = this.view === "projection" ? this.projection : null;
        return { frame, camera: this.path[frame], width, height, full, describe: (share) => text("preview_text", { frame, share }) };
    }

    notices() {
        const lines = [];
        if (this.linked.length) lines.push(text("linked", { names: this.linked.join(", ") }));
        if (this.failure) lines.push(this.failure);
        if (this.state.preset === "to_view") lines.push(text("to_view"));
        this.notice.replaceChildren(...lines.map((line) => h("div", {}, line)));
        if (this.hasMemory && !this.viewer.cloud && this.looked) this.notice.append(h("div", {}, text("no_cloud"), " ", this.loadButton()));
    }

    // --- changes ---

    snapshot() {
        const values = Object.fromEntries(EDITED.map((name) => [name, this.value(name)]));
        return JSON.stringify({ ...values, selected: this.selected, video: this.director?.kept });
    }

    recall(saved) {
        const { selected, video, ...values } = JSON.parse(saved);
        if (video) this.director.recall(video);
        for (const name of EDITED) if (!this.linked.includes(name)) setWidget(this.node, name, values[name]);
        this.choose(selected);
        this.read();
        this.refresh({ measure: true });
    }

    /** Makes one undoable change: alter(state) changes this.state, which is then written to the widgets. */
    change(alter, { settled = true } = {}) {
        this.begin();
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
        if (!settled) return;
        this.settle();
        this.tools.show();
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

    // --- what is selected ---

    /** Makes a keyframe the selected one; others: those that are moved with it. */
    choose(index, others = []) {
        const known = (i) => i >= 0 && i < (this.state?.keyframes.length ?? 1);
        this.selected = index;
        this.chosen = others.includes(index) ? [...new Set(others)].filter(known).sort((a, b) => a - b) : [index];
    }

    /** Indices of the selected keyframes that may be moved: the start may not. */
    get movable() {
        return this.editing ? this.chosen.filter((index) => index > 0) : [];
    }

    /** Selects a keyframe. extend: adds it to those selected, or takes it away; keep: a selection that holds it stays. */
    select(index, { extend = false, keep = false } = {}) {
        if (extend && this.chosen.includes(index) && this.chosen.length > 1) {
            const left = this.chosen.filter((i) => i !== index);
            this.choose(index === this.selected ? left.at(-1) : this.selected, left);
        } else this.choose(index, extend || (keep && this.chosen.includes(index)) ? [...this.chosen, index] : []);
        const key = this.state.keyframes[this.selected];
        if (key) this.frame = Math.min(key.frame, this.path.length - 1);
        this.refresh();
        this.showPreview();
    }

    /** Selects the next keyframe, or the one before. */
    step(by) {
        this.select(Math.max(0, Math.min(this.keys.length - 1, this.selected + by)));
    }

    goTo(frame) {
        this.frame = Math.max(0, Math.min(this.path.length - 1, frame));
        this.showPath();
        if (this.view !== "free") this.showView();
        this.time.show();
        this.showPreview();
        this.dispatchEvent(new Event("frame"));
    }

    setView(view) {
        this.view = view;
        this.refresh();
        this.showPreview();
    }

    setGizmo(mode) {
        this.gizmo.setMode(mode);
        this.tools.show();
    }

    // --- keys ---

    get shortcuts() {
        const { keyframes } = this;
        // A recording has the view and the keys to itself.
        if (this.recorder.recording) return { escape: () => this.recorder.discard(), o: () => this.recorder.finish() };
        return {
            ...super.shortcuts, escape: () => this.escape(), "ctrl+c": () => keyframes.copy(), "ctrl+v": () => keyframes.paste(),
            delete: () => keyframes.remove(), backspace: () => keyframes.remove(), " ": () => this.time.playback.toggle(), o: () => this.recorder.toggle(),
            k: () => keyframes.add(), v: () => keyframes.addFromView(), t: () => this.setGizmo("translate"), r: () => this.setGizmo("rotate"),
            1: () => this.setView(VIEWS[0]), 2: () => this.setView(VIEWS[1]), 3: () => this.setView(VIEWS[2]),
            ",": () => this.goTo(this.frame - 1), ".": () => this.goTo(this.frame + 1), pageup: () => this.step(-1), pagedown: () => this.step(1),
        }; // prettier-ignore
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

    /** One step back: a player over the view, picking, the editor. */
    escape() {
        if (this.director?.player) this.director.player.close();
        else if (this.gizmo.picking) this.gizmo.setPicking(false);
        else this.leave();
    }

    dispose() {
        this.recorder.stop();
        this.time.dispose();
        super.dispose();
    }
}
