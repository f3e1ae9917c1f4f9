// The editor of the Edit Point Cloud node. The list of edits lives in the node's edits widget: closing the page loses
// nothing, and a workflow file makes the same scene without it.
import { imageRectangle } from "./conventions.mjs";
import { Latest, announce, choiceField, fullDialog, h, numberField } from "./dom.mjs";
import { EditAnalyst } from "./edit_analyst.mjs";
import { editTarget, EditGizmo, selectionTarget } from "./edit_gizmo.mjs";
import { SELECTION_MODES, combine, formatEdits, neat, neatAll, opposite, ownEdit, parseEdits, polygonOf, shapesOf } from "./edit_list.mjs";
import { DRAWN_BY, nodeAfter, numbersOf } from "./graph.mjs";
import { api, app, captureChange, fetchFile, isLinked, lastReport, runOnly, setWidget, widgetOf } from "./host.mjs";
import { invertPose } from "./matrix.mjs";
import { useCloudStyle } from "./cloud_style.mjs";
import { useStyle } from "./style.mjs";
import { text } from "./texts.mjs";
import { Viewer, sizeForDensity } from "./viewer.mjs";

const TOOLS = ["navigate", "box", "sphere", "lasso", "cluster", "plane", "color"];
const DRAWN = ["box", "sphere", "lasso"]; // the others are clicked
const STEADY = 4; // pixels that a click may move
const START_SIZE = 0.08; // of the depth: what a click with box or sphere selects
const GAP_VOXELS = 3; // a cluster bridges as many by default
const PREVIEW_PIXELS = 250000;
const FILES = ".ply,.glb,.gltf,.obj,.stl,.off,.pcd,.xyz,.pts";
const UPLOADS = "spatia"; // folder in the host's input folder

export async function openCloudEditor(node) {
    useStyle();
    useCloudStyle();
    const editor = new CloudEditor(node);
    // What the browser tests, and a curious user's console, look at.
    window.spatiaEditor = editor;
    try {
        editor.start3d();
    } catch (error) {
        editor.close();
        throw new Error(text("no_webgl", { message: error.message }));
    }
    await editor.loadScene();
    return editor;
}

export class CloudEditor {
    constructor(node) {
        this.node = node;
        this.done = [];
        this.undone = [];
        this.current = -1; // of the list, what the gizmo and the fields change
        this.parts = []; // of the selection: {mode, shape}, as they were drawn
        this.tool = "navigate";
        this.mode = "new";
        this.through = false;
        this.before = false;
        this.frame = null; // of the memory, looked through; null is the free view
        this.previewFrame = 0;
        this.paint = { color: "#ff0000", mode: "tint", strength: 1 };
        this.facts = null;
        this.result = null;
        this.onError = ({ detail }) => this.say(`${detail.node_type}: ${detail.exception_message}`);
        this.scenes = new Latest();
        node.spatiaReported = (report) => this.useReport(report).catch((error) => this.say(error.message));
        api.addEventListener("execution_error", this.onError);
        this.build();
    }

    start3d() {
        this.viewer = new Viewer(this.stage, { label: text("cloud_view_label") });
        this.analyst = new EditAnalyst();
        this.gizmo = new EditGizmo(this.viewer, (values, done) => this.held(values, done));
        this.resizes = new ResizeObserver(() => this.aim());
        this.resizes.observe(this.stage);
        this.connectView();
        this.read();
        this.refresh();
    }

    // --- what the node says ---

    value(name) {
        return widgetOf(this.node, name)?.value;
    }

    /** Reads the widgets. A text that does not parse is shown as it is, and not written over. */
    read() {
        this.linked = (this.node.inputs ?? []).filter((input) => input.link != null && /^(edits|invert|select|operation)(\.|$)/.test(input.name)).map((input) => input.name);
        this.problem = null;
        this.list = [];
        this.own = null;
        if (this.linked.length) {
            const own = this.facts?.own ?? 0;
            if (own) this.own = this.facts.edits[0];
            this.list = structuredClone(this.facts?.edits.slice(own) ?? []);
        } else {
            this.own = ownEdit((name) => this.value(name));
            try {
                this.list = parseEdits(String(this.value("edits") ?? ""));
            } catch (error) {
                this.problem = text("bad_edits", { message: error.message });
            }
        }
        this.current = Math.min(this.current, this.list.length - 1);
    }

    get editable() {
        return !this.linked.length && !this.problem;
    }

    get hasMemory() {
        return isLinked(this.node, "memory");
    }

    /** Scene units that are a comfortable distance here. */
    get depth() {
        if (this.facts?.depth) return this.facts.depth;
        if (!this.bounds) return 1;
        return Math.hypot(...this.bounds.high.map((v, axis) => v - this.bounds.low[axis])) / 2 || 1;
    }

    get selection() {
        return combine(this.parts);
    }

    /** How the node that draws this scene does it, so that the preview is what the network gets. */
    get projection() {
        const { radius, points_per_pixel } = numbersOf(nodeAfter(this.node, DRAWN_BY), { radius: 0.01, points_per_pixel: 5 });
        return { radius, layers: points_per_pixel };
    }

    // --- the scene ---

    async loadScene() {
        const latest = this.scenes.begin();
        try {
            const report = this.node.spatiaReport ?? (await lastReport(this.node, "spatia_edit"));
            if (report && this.hasMemory) await this.useReport(report, latest);
        } catch (error) {
            this.say(error.message);
        }
        this.looked = true; // for an earlier run, before asking for a new one
        this.notices();
    }

    /** Shows the scene that a run of this node had, unless another one is wanted meanwhile. */
    async useReport(report, latest = this.scenes.begin()) {
        const bytes = (file) => (file ? fetchFile(file) : null);
        const [facts, points, views, mask, other] = await Promise.all([report.facts, report.points, report.views, report.mask, report.other].map(bytes));
        const inserted = await Promise.all(report.inserted.map(async ({ name, points: file }) => ({ name, points: await bytes(file) })));
        if (this.ended || !latest() || !facts || !points || !views) return;
        const fresh = !this.facts;
        this.facts = JSON.parse(new TextDecoder().decode(facts));
        this.files = new Set(inserted.filter((file) => file.points).map((file) => file.name));
        const question = { points, views, mask, other, inserted: inserted.filter((file) => file.points), facts: this.facts };
        const answer = await this.analyst.ask("scene", question);
        if (this.ended || !latest()) return;
        Object.assign(this, { bounds: answer.bounds, known: answer.points, total: answer.total });
        // A point stands for its voxel; of a scene that is shown in part, for more. A small picture's points lie farther apart.
        const voxel = this.facts.voxel_size * Math.sqrt(answer.total / Math.max(1, answer.points));
        this.pointSize = Math.min(Math.max(voxel, sizeForDensity(answer.bounds, answer.points)), 4 * voxel);
        this.gap ??= neat(Math.max(GAP_VOXELS * this.facts.voxel_size, 0.01 * this.depth), 3);
        const last = this.facts.cameras.length - 1;
        this.previewFrame = fresh ? last : Math.min(this.previewFrame, last);
        if (this.frame !== null) this.frame = Math.min(this.frame, last);
        if (fresh) this.overlook();
        this.read();
        this.refresh();
        await this.replay();
        if (this.placing) this.placeInserted();
    }

    /** The free camera stands a little behind and above the last camera, looking the same way. */
    overlook() {
        const c2w = invertPose(this.facts.cameras.at(-1).w2c);
        for (const i of [0, 1, 2]) c2w[4 * i + 3] -= this.depth * (0.35 * c2w[4 * i + 2] + 0.2 * c2w[4 * i + 1]);
        this.viewer.lookFrom(c2w, 1.35 * this.depth);
        this.viewer.navigation.orbit(0.15, 0.02);
    }

    /** Has the worker apply the list, and shows what it gives. One at a time, the latest wish next. */
    replay() {
        if (!this.facts) return Promise.resolve();
        this.stale = true;
        this.replaying ??= this.replayNow().finally(() => (this.replaying = null));
        return this.replaying;
    }

    async replayNow() {
        while (this.stale && !this.ended) {
            this.stale = false;
            const own = this.own ? 1 : 0;
            const edits = [...(this.own ? [this.own] : []), ...this.list];
            const question = { edits, selection: this.selection, current: this.current < 0 ? -1 : this.current + own, before: this.before };
            try {
                const { display, ...result } = await this.analyst.ask("replay", question);
                if (this.ended) return;
                this.result = { ...result, own, current: this.current };
                this.viewer.setCloud(display, this.pointSize);
            } catch (error) {
                this.say(error.message);
            }
            this.refresh();
        }
        this.showPreview();
    }

    async showPreview() {
        if (!this.result || this.previewing) return (this.previewAgain = true);
        this.previewing = true;
        try {
            do {
                this.previewAgain = false;
                const frame = this.previewFrame;
                const { width, height, cameras } = this.facts;
                const shrink = Math.min(1, Math.sqrt(PREVIEW_PIXELS / (width * height)));
                const question = { camera: cameras[frame], width: Math.round(width * shrink), height: Math.round(height * shrink), options: this.projection };
                const answer = await this.analyst.ask("preview", question);
                if (this.ended) return;
                Object.assign(this.preview, { width: answer.width, height: answer.height });
                this.preview.getContext("2d").putImageData(new ImageData(answer.pixels, answer.width, answer.height), 0, 0);
                this.preview.dataset.frame = frame;
                this.previewText.textContent = text("preview_frame", { frame, share: Math.round(100 * answer.coverage) });
            } while (this.previewAgain);
        } catch (error) {
            this.say(error.message);
        } finally {
            this.previewing = false;
        }
    }

    // --- selecting ---

    /** The image that is drawn on: {left, top, width, height} in pixels of the view, and its camera. */
    drawnImage() {
        const width = this.stage.clientWidth;
        const height = this.stage.clientHeight;
        if (this.frame === null) {
            const { camera } = this.viewer;
            const fy = 0.5 / Math.tan((camera.fov * Math.PI) / 360);
            const w2c = neatAll(invertPose(this.viewer.pose()), 10);
            return { left: 0, top: 0, width, height, camera: { w2c, intrinsics: neatAll([(fy * height) / width, fy, 0.5, 0.5], 10) } };
        }
        const area = imageRectangle(this.facts.width / this.facts.height, width, height);
        return { ...area, camera: this.facts.cameras[this.frame] };
    }

    press(event) {
        if (event.button !== 0 || event.altKey || this.tool === "navigate" || !this.result || this.gizmo.held) return;
        event.stopImmediatePropagation();
        event.preventDefault();
        this.viewer.canvas.focus({ preventScroll: true });
        this.viewer.canvas.setPointerCapture(event.pointerId);
        if (this.before) this.setBefore(false);
        const at = this.inView(event);
        const image = this.drawnImage();
        const mode = event.shiftKey ? "add" : event.ctrlKey || event.metaKey ? "subtract" : this.mode;
        this.drawing = { tool: this.tool, mode, image, line: [at] };
        if (this.tool !== "lasso") {
            const question = { camera: image.camera, width: image.width, height: image.height, u: at[0] - image.left, v: at[1] - image.top };
            this.drawing.picked = this.analyst.ask("pick", question);
        }
    }

    inView(event) {
        const box = this.viewer.canvas.getBoundingClientRect();
        return [event.clientX - box.left, event.clientY - box.top];
    }

    draw(event) {
        if (!this.drawing) return;
        this.drawing.line.push(this.inView(event));
        this.showDrawn();
    }

    async release() {
        const { drawing } = this;
        if (!drawing) return;
        this.drawing = null;
        this.showDrawn();
        try {
            const shape = await this.drawnShape(drawing);
            if (shape) this.addPart(drawing.mode, shape);
        } catch (error) {
            this.say(error.message);
        }
    }

    /** What was drawn, as an edit keeps it. */
    async drawnShape({ tool, image, line, picked }) {
        if (tool === "lasso") {
            const points = polygonOf(line, image);
            if (points.length < 3) return null;
            const camera = { ...image.camera, size: [Math.round(image.width), Math.round(image.height)] };
            const shape = { shape: "lasso", camera, points, through: this.through };
            const { size } = await this.analyst.ask("lasso", { selection: shape });
            return { ...shape, camera: { ...camera, size } };
        }
        const { point } = await picked;
        if (!point) {
            this.say(text("nothing_there"));
            return null;
        }
        const at = neatAll(point.at);
        if (tool === "cluster") return { shape: "cluster", at, distance: this.gap };
        if (tool === "plane") {
            // Written out, so that it stays the same plane when edits before it change what lies there.
            const distance = neat(this.gap / 2);
            const { from, way } = await this.analyst.ask("plane", { point: at, distance });
            return { shape: "plane", point: neatAll(from), normal: neatAll(way), distance };
        }
        if (tool === "color") return { shape: "color", color: point.color, tolerance: 0.1 };
        const [from, to] = [line[0], line.at(-1)];
        const drawn = Math.hypot(to[0] - from[0], to[1] - from[1]);
        const reach = drawn < STEADY ? START_SIZE * this.depth : (drawn * point.z) / (image.camera.intrinsics[0] * image.width);
        if (tool === "sphere") return { shape: "sphere", center: at, radius: neat(reach) };
        return { shape: "box", center: at, size: neatAll([2 * reach, 2 * reach, 2 * reach]), rotation: [0, 0, 0] };
    }

    addPart(mode, shape) {
        this.parts = mode === "new" ? [{ mode, shape }] : [...this.parts, { mode, shape }];
        this.focus = "selection";
        return this.replay();
    }

    /** Changes values of the part that was drawn last. */
    setPart(values) {
        if (!this.parts.length) return;
        const last = this.parts.at(-1);
        this.parts = [...this.parts.slice(0, -1), { ...last, shape: { ...last.shape, ...values } }];
        this.focus = "selection";
        this.replay();
    }

    setThrough(flag) {
        this.through = flag;
        if (this.parts.at(-1)?.shape.shape === "lasso") this.setPart({ through: flag });
        this.refresh();
    }

    selectAll() {
        this.addPart("new", { shape: "all" });
    }

    invertSelection() {
        const whole = this.selection;
        if (whole) this.addPart("new", opposite(whole));
    }

    clearSelection() {
        this.parts = [];
        return this.replay();
    }

    // --- editing ---

    snapshot() {
        const widgets = (this.node.widgets ?? []).filter(({ name }) => /^(edits|operation)(\.|$)/.test(name)).map(({ name, value }) => [name, value]);
        return JSON.stringify({ widgets, current: this.current, parts: this.parts });
    }

    /** Makes one undoable change: alter(list) changes this.list, which is then written to the widget. */
    change(alter, { settled = true } = {}) {
        if (!this.editable) return;
        this.unsettled ??= this.snapshot();
        alter(this.list);
        this.current = Math.min(this.current, this.list.length - 1);
        setWidget(this.node, "edits", formatEdits(this.list));
        if (settled) {
            if (this.unsettled !== this.snapshot()) {
                this.done.push(this.unsettled);
                this.undone = [];
                captureChange();
            }
            this.unsettled = null;
        }
        this.refresh();
        return this.replay();
    }

    restore(from, to) {
        if (!from.length || !this.editable) return;
        to.push(this.snapshot());
        const { widgets, current, parts } = JSON.parse(from.pop());
        // The kind of the node's own edit first: it brings the widgets of its values.
        widgets.sort(([a], [b]) => a.length - b.length);
        for (const [name, value] of widgets) setWidget(this.node, name, value);
        Object.assign(this, { current, parts, unsettled: null });
        this.read();
        this.refresh();
        captureChange();
        return this.replay();
    }

    undo() {
        return this.restore(this.done, this.undone);
    }

    redo() {
        return this.restore(this.undone, this.done);
    }

    /** Adds an edit of what is selected. keep: the selection stays, for another edit of the same points. */
    apply(edit, { keep = false } = {}) {
        const select = this.selection;
        if (!select || !this.result?.selected?.count) return this.say(text("selected_none"));
        this.focus = "edit";
        return this.change((list) => {
            list.push({ ...edit, select });
            this.current = list.length - 1;
            if (!keep) this.parts = [];
        });
    }

    removeSelected() {
        return this.apply({ do: "remove" });
    }

    recolor() {
        return this.apply({ do: "recolor", ...this.paint }, { keep: true });
    }

    transform() {
        return this.apply({ do: "transform", move: [0, 0, 0], rotate: [0, 0, 0], scale: [1, 1, 1] });
    }

    duplicate() {
        const bounds = this.result?.selected?.bounds;
        const wide = bounds ? bounds.high[0] - bounds.low[0] : 0;
        return this.apply({ do: "duplicate", offset: [neat(1.1 * wide || 0.1 * this.depth), 0, 0], copies: 1 });
    }

    /** Changes values of the current edit. */
    setEdit(values, options) {
        if (this.current < 0) return;
        return this.change((list) => Object.assign(list[this.current], values), options);
    }

    setPaint(values) {
        Object.assign(this.paint, values);
        if (this.list[this.current]?.do === "recolor" && this.focus === "edit") this.setEdit(values);
        else this.refresh();
    }

    toggle(index, on) {
        this.change((list) => {
            if (on) delete list[index].off;
            else list[index].off = true;
        });
    }

    reorder(from, to) {
        if (to < 0 || to >= this.list.length || from === to) return;
        this.change((list) => {
            list.splice(to, 0, ...list.splice(from, 1));
            this.current = to;
        });
    }

    deleteEdit(index) {
        this.change((list) => {
            list.splice(index, 1);
            if (this.current >= index) this.current = this.current === index ? -1 : this.current - 1;
        });
    }

    /** Puts the edit of the node's other widgets at the beginning of the list, where it can be changed like the others. */
    takeOver(values = {}) {
        this.change((list) => {
            list.unshift({ ...this.own, ...values });
            setWidget(this.node, "operation", "none");
            this.own = null;
            if (this.current >= 0) this.current++;
        });
    }

    choose(index) {
        this.current = this.current === index && this.focus === "edit" ? -1 : index;
        this.focus = "edit";
        const edit = this.list[this.current];
        if (edit?.do === "recolor") {
            const { color, mode = "solid", strength = 1 } = edit;
            const shown = Array.isArray(color) ? `#${color.map((v) => Math.round(v).toString(16).padStart(2, "0")).join("")}` : color;
            Object.assign(this.paint, { color: shown, mode, strength });
        }
        return this.replay();
    }

    /** What the gizmo was dragged to. */
    held(values, done) {
        if (this.gizmo.target.of === "edit") this.setEdit(values, { settled: done });
        else this.setPart(values);
    }

    // --- files ---

    async insertFile(file) {
        if (!file) return;
        try {
            this.say(text("uploading", { name: file.name }));
            const body = new FormData();
            body.append("image", file);
            body.append("subfolder", UPLOADS);
            body.append("type", "input");
            const response = await api.fetchApi("/upload/image", { method: "POST", body });
            if (!response.ok) throw new Error(`${file.name}: the server answered ${response.status}`);
            const { name, subfolder } = await response.json();
            const path = subfolder ? `${subfolder}/${name}` : name;
            // Files of modelling programs have y up.
            const upright = /\.(glb|gltf)$/i.test(name) ? { rotate: [180, 0, 0] } : {};
            this.insert({ do: "merge", file: path, ...upright });
            if (!this.files?.has(path)) await this.run();
        } catch (error) {
            this.say(error.message);
        }
    }

    insert(edit) {
        this.focus = "edit";
        this.placing = edit;
        const settled = this.change((list) => {
            list.push(edit);
            this.current = list.length - 1;
        });
        return settled?.then(() => this.placing && this.placeInserted());
    }

    /** What has nothing to do with the scene's own place and size is put where the view looks. */
    placeInserted() {
        const bounds = this.result?.bounds;
        const edit = this.list[this.current];
        if (!bounds || edit?.do !== "merge" || edit.file !== this.placing?.file) return;
        this.placing = null;
        const meets = this.bounds && bounds.low.every((low, axis) => low <= this.bounds.high[axis] && bounds.high[axis] >= this.bounds.low[axis]);
        const largest = Math.max(...bounds.high.map((v, axis) => v - bounds.low[axis]));
        const foreign = largest > 4 * this.depth || largest < 0.01 * this.depth;
        if (meets && !foreign) return;
        const { x, y, z } = this.viewer.navigation.target;
        const move = [x, -y, -z].map((v, axis) => v - (bounds.low[axis] + bounds.high[axis]) / 2);
        this.setEdit({ move: neatAll(move), ...(foreign ? { scale: neat((0.3 * this.depth) / largest, 3) } : {}) });
    }

    async run() {
        this.say(text("load_scene_running"));
        const refused = await runOnly(this.node);
        if (refused) this.say(refused);
    }

    // --- showing ---

    say(message) {
        announce(this.messages, message);
    }

    notices() {
        const lines = [];
        if (this.linked.length) lines.push(text("cloud_linked", { names: this.linked.join(", ") }));
        if (this.problem) lines.push(this.problem);
        if (!this.hasMemory) lines.push(text("no_memory"));
        if (this.facts && this.total > this.known) lines.push(text("thinned", { count: this.known, total: this.total }));
        if (this.result && !this.result.points) lines.push(text("leaves_nothing"));
        this.notice.replaceChildren(...lines.map((line) => h("div", {}, line)));
        const run = () => h("button", { type: "button", name: "load", class: "main", onclick: () => this.run() }, text("load_scene"));
        if (this.hasMemory && !this.facts && this.looked) this.notice.append(h("div", {}, text("no_scene"), " ", run()));
        else if (this.result?.failures.includes("not_loaded")) this.notice.append(h("div", {}, text("failed_not_loaded"), " ", run()));
    }

    refresh() {
        this.showTools();
        this.showSelection();
        this.showList();
        this.showCurrent();
        this.placeGizmo();
        this.aim();
        this.notices();
    }

    placeGizmo() {
        let target = null;
        const edit = this.list[this.current];
        const known = this.result?.current === this.current && this.result.own === (this.own ? 1 : 0);
        if (this.frame === null && !this.before && this.result) {
            if (this.focus === "edit" && edit && !edit.off && this.editable && known) target = editTarget(edit, this.result.bounds);
            else if (this.focus === "selection" && this.parts.length) target = selectionTarget(this.parts.at(-1).shape);
        }
        this.gizmo.show(target);
        for (const mode of ["translate", "rotate", "scale"]) {
            this.tools[mode].disabled = !this.gizmo.modes.includes(mode);
            this.tools[mode].setAttribute("aria-pressed", this.gizmo.mode === mode && !this.tools[mode].disabled);
        }
    }

    aim() {
        const camera = this.frame === null ? null : this.facts.cameras[this.frame];
        const aspect = this.facts ? this.facts.width / this.facts.height : 1;
        this.viewer.viewThrough(camera && { c2w: invertPose(camera.w2c), intrinsics: camera.intrinsics, aspect });
        this.overlay.hidden = this.frame === null;
        const area = imageRectangle(aspect, this.stage.clientWidth, this.stage.clientHeight);
        for (const side of ["left", "top", "width", "height"]) this.overlay.style[side] = `${area[side]}px`;
        this.gizmo.controls.enabled = this.frame === null;
        const { mode } = this.viewer.navigation;
        if (this.frame !== null) this.hint.textContent = text("tool_hint_frame", { frame: this.frame });
        else this.hint.textContent = text(this.tool === "navigate" ? (mode === "fly" ? "hint_fly" : "hint_look") : `tool_hint_${this.tool}`);
    }

    showTools() {
        const { tools } = this;
        tools.undo.disabled = !this.done.length || !this.editable;
        tools.redo.disabled = !this.undone.length || !this.editable;
        for (const name of TOOLS) tools[name].setAttribute("aria-pressed", this.tool === name);
        for (const mode of ["orbit", "fly"]) tools[mode].setAttribute("aria-pressed", this.viewer.navigation.mode === mode);
        tools.before.setAttribute("aria-pressed", this.before);
        tools.view_frame.setAttribute("aria-pressed", this.frame !== null);
        tools.front.setAttribute("aria-pressed", !this.through);
        tools.through.setAttribute("aria-pressed", this.through);
        this.modeSelect.value = this.mode;
        this.viewer.canvas.style.cursor = this.tool === "navigate" ? "" : "crosshair";
        const cameras = this.facts?.cameras.length ?? 1;
        this.frameInput.max = cameras - 1;
        this.frameInput.value = this.previewFrame;
        this.frameInput.disabled = tools.view_frame.disabled = !this.facts;
    }

    showSelection() {
        const { fields } = this;
        const shape = this.parts.at(-1)?.shape;
        const count = this.parts.length ? this.result?.selected?.count : null;
        this.countText.textContent = count == null ? text("selected_none") : text("selected_count", { count });
        this.countText.dataset.count = count ?? "";
        const shows = (name, value, vector) => {
            const hidden = value === undefined;
            const list = vector ? fields[name] : [fields[name]];
            for (const [axis, field] of list.entries()) {
                field.row.hidden = hidden;
                if (!hidden) field.show(vector ? value[axis] : value);
            }
            if (vector) this.groups[name].hidden = hidden;
        };
        shows("center", ["box", "sphere"].includes(shape?.shape) ? shape.center : undefined, true);
        shows("size", shape?.shape === "box" ? shape.size : undefined, true);
        shows("rotation", shape?.shape === "box" ? (shape.rotation ?? [0, 0, 0]) : undefined, true);
        shows("radius", shape?.shape === "sphere" ? shape.radius : undefined);
        shows("gap", shape?.shape === "cluster" || (this.tool === "cluster" && !shape) ? (shape?.distance ?? this.gap) : undefined);
        shows("thickness", shape?.shape === "plane" ? shape.distance : undefined);
        shows("tolerance", shape?.shape === "color" ? shape.tolerance : undefined);
        const ready = this.editable && Boolean(count);
        for (const name of ["act_remove", "act_recolor", "act_transform", "act_duplicate"]) this.tools[name].disabled = !ready;
        this.tools.act_insert.disabled = !this.editable;
        this.tools.act_connected.disabled = !this.editable;
        this.tools.act_connected.hidden = !isLinked(this.node, "point_cloud");
        for (const name of ["select_invert", "select_clear"]) this.tools[name].disabled = !this.parts.length;
        this.tools.select_all.disabled = !this.facts;
        this.colorInput.value = this.paint.color;
        fields.mode.show(this.paint.mode);
        fields.strength.show(this.paint.strength);
    }

    showList() {
        // A row that has the keyboard keeps it.
        const held = this.rows.contains(document.activeElement) ? document.activeElement.name : null;
        const own = this.result?.own ?? 0;
        const rows = this.list.map((edit, index) => this.editRow(edit, index, own));
        if (this.own) rows.unshift(this.ownRow());
        this.rows.replaceChildren(...rows);
        if (!rows.length) this.rows.append(h("li", {}, h("span", {}, text("no_edits"))));
        if (held) this.rows.querySelector(`[name="${held}"]`)?.focus();
    }

    describe(edit, count, failure) {
        const shapes = edit.do === "merge" ? [] : shapesOf(edit.select ?? { shape: "all" }).map((shape) => text(`shape_${shape}`));
        const what = edit.do === "merge" ? (edit.file?.split("/").at(-1) ?? text("shape_connected")) : shapes.join(" + ");
        let state = count == null ? "" : text("edit_count", { count });
        if (edit.off) state = text("edit_off");
        else if (failure) state = failure.startsWith("not_") ? text(`failed_${failure}`) : failure;
        return [`${text(`edit_${edit.do}`)} · ${what}`, h("small", {}, state)];
    }

    editRow(edit, index, own) {
        const number = index + 1;
        const [count, failure] = [this.result?.counts[index + own], this.result?.failures[index + own]];
        const chosen = this.focus === "edit" && index === this.current;
        const small = (name, label, act, disabled) => h("button", { type: "button", name: `${name}_${index}`, title: text(name), disabled: disabled || !this.editable, onclick: act }, label);
        const row = h("li", {
            class: [chosen && "current", edit.off && "off", !edit.off && failure && "failed"].filter(Boolean).join(" "), draggable: this.editable ? "true" : "false",
            "data-count": count ?? "",
            ondragstart: (event) => event.dataTransfer.setData("text/plain", String(index)),
            ondragover: (event) => {
                event.preventDefault();
                row.classList.add("over");
            },
            ondragleave: () => row.classList.remove("over"),
            ondrop: (event) => {
                event.preventDefault();
                const from = Number(event.dataTransfer.getData("text/plain"));
                if (Number.isInteger(from) && this.list[from]) this.reorder(from, index);
            },
        },
            h("input", { type: "checkbox", name: `on_${index}`, "aria-label": text("toggle_edit", { number }), checked: !edit.off, disabled: !this.editable, onchange: (event) => this.toggle(index, event.target.checked) }),
            h("button", { type: "button", class: "name", name: `edit_${index}`, "aria-pressed": chosen ? "true" : "false", onclick: () => this.choose(index) }, `${number}. `, ...this.describe(edit, count, failure)),
            small("earlier", "↑", () => this.reorder(index, index - 1), index === 0),
            small("later", "↓", () => this.reorder(index, index + 1), index === this.list.length - 1),
            small("delete_edit", "✕", () => this.deleteEdit(index)),
        ); // prettier-ignore
        return row;
    }

    ownRow() {
        const [count, failure] = [this.result?.counts[0], this.result?.failures[0]];
        const [name, state] = this.describe(this.own, count, failure);
        return h("li", { class: failure ? "failed" : "", "data-count": count ?? "" },
            h("input", { type: "checkbox", name: "on_own", "aria-label": text("toggle_edit", { number: 0 }), checked: true, disabled: !this.editable, onchange: () => this.takeOver({ off: true }) }),
            h("span", { class: "name" }, name, h("small", {}, text("own_edit"), " ", state)),
            h("button", { type: "button", name: "take_over", title: text("take_over"), disabled: !this.editable, onclick: () => this.takeOver() }, "⤓"),
        ); // prettier-ignore
    }

    showCurrent() {
        const edit = this.focus === "edit" ? this.list[this.current] : null;
        const moves = edit?.do === "transform" || edit?.do === "merge";
        const scale = edit?.scale ?? 1;
        const values = {
            move: moves ? (edit.move ?? [0, 0, 0]) : null,
            rotate: moves ? (edit.rotate ?? [0, 0, 0]) : null,
            scale: moves ? (Array.isArray(scale) ? scale : [scale, scale, scale]) : null,
            offset: edit?.do === "duplicate" ? edit.offset : null,
        };
        this.groups.current.hidden = !moves && edit?.do !== "duplicate";
        this.currentTitle.textContent = text("group_current", { number: this.current + 1 });
        for (const [name, vector] of Object.entries(values)) {
            this.groups[name].hidden = !vector;
            for (const [axis, field] of this.fields[name].entries()) {
                field.show(vector?.[axis]);
                field.enable(this.editable);
            }
        }
        this.fields.copies.row.hidden = edit?.do !== "duplicate";
        this.fields.copies.show(edit?.copies ?? 1);
        this.fields.copies.enable(this.editable);
    }

    /** The line or shape under the mouse while it is drawn. */
    showDrawn() {
        const SVG = (tag, attributes) => {
            const element = document.createElementNS(this.drawn.namespaceURI, tag);
            for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
            return element;
        };
        this.drawn.replaceChildren();
        if (!this.drawing || !DRAWN.includes(this.drawing.tool)) return;
        const { tool, line } = this.drawing;
        const [[x, y], [u, v]] = [line[0], line.at(-1)];
        const r = Math.hypot(u - x, v - y);
        if (tool === "lasso") this.drawn.append(SVG("polygon", { points: line.map((point) => point.join(",")).join(" ") }));
        else if (tool === "sphere") this.drawn.append(SVG("circle", { cx: x, cy: y, r }));
        else this.drawn.append(SVG("rect", { x: x - r, y: y - r, width: 2 * r, height: 2 * r }));
    }

    // --- the dialog ---

    setTool(tool) {
        this.tool = tool;
        this.refresh();
    }

    setNavigation(mode) {
        this.viewer.navigation.mode = mode;
        this.viewer.canvas.focus();
        this.refresh();
    }

    setBefore(flag) {
        this.before = flag;
        this.refresh();
        return this.replay();
    }

    setFrame(frame) {
        this.frame = frame;
        this.refresh();
    }

    build() {
        const plain = (name) => text(name).replace(/ \([^)]*\)$/, "");
        const tool = (name, act, label, title) => h("button", { type: "button", name, title: title ?? text(name), onclick: act }, label ?? plain(name));
        const gap = () => h("span", { class: "gap" });
        this.tools = {
            undo: tool("undo", () => this.undo(), "↶"),
            redo: tool("redo", () => this.redo(), "↷"),
            front: tool("front", () => this.setThrough(false), null, text("front_title")),
            through: tool("through", () => this.setThrough(true), null, text("front_title")),
            select_all: tool("select_all", () => this.selectAll()),
            select_invert: tool("select_invert", () => this.invertSelection()),
            select_clear: tool("select_clear", () => this.clearSelection()),
            translate: tool("translate", () => this.setGizmo("translate"), plain("gizmo_translate"), text("gizmo_translate")),
            rotate: tool("rotate", () => this.setGizmo("rotate"), plain("gizmo_rotate"), text("gizmo_rotate")),
            scale: tool("scale", () => this.setGizmo("scale"), plain("gizmo_scale"), text("gizmo_scale")),
            orbit: tool("orbit", () => this.setNavigation("orbit")),
            fly: tool("fly", () => this.setNavigation("fly")),
            before: tool("before", () => this.setBefore(!this.before), null, text("before_title")),
            view_frame: tool("view_frame", () => this.setFrame(this.frame === null ? this.previewFrame : null)),
            act_remove: tool("act_remove", () => this.removeSelected()),
            act_recolor: tool("act_recolor", () => this.recolor()),
            act_transform: tool("act_transform", () => this.transform()),
            act_duplicate: tool("act_duplicate", () => this.duplicate()),
            act_insert: tool("act_insert", () => this.fileInput.click(), null, text("act_insert_title")),
            act_connected: tool("act_connected", () => this.insert({ do: "merge" })),
        };
        for (const name of TOOLS) this.tools[name] = tool(name, () => this.setTool(name), plain(`tool_${name}`), text(`tool_${name}`));
        const t = this.tools;
        this.modeSelect = h("select", { name: "selection_mode", "aria-label": text("mode"), title: text("mode"), onchange: () => (this.mode = this.modeSelect.value) },
            SELECTION_MODES.map((mode) => h("option", { value: mode }, text(`mode_${mode}`)))); // prettier-ignore
        this.fileInput = h("input", { type: "file", accept: FILES, hidden: true, onchange: () => {
            this.insertFile(this.fileInput.files[0]);
            this.fileInput.value = "";
        } }); // prettier-ignore
        const bar = h("div", { class: "tools", role: "toolbar", "aria-label": text("edit_cloud") },
            h("h2", {}, text("edit_cloud")), t.undo, t.redo, gap(), ...TOOLS.map((name) => t[name]), this.modeSelect, gap(), t.front, t.through, gap(),
            t.select_all, t.select_invert, t.select_clear, gap(), t.translate, t.rotate, t.scale, gap(), t.orbit, t.fly, t.view_frame, gap(), t.before, this.fileInput,
            h("button", { type: "button", name: "done", class: "main last", onclick: () => this.close() }, text("done")),
        ); // prettier-ignore
        this.stage = h("div", { class: "stage" });
        this.overlay = h("div", { class: "overlay", hidden: true });
        const parsed = h("div");
        parsed.innerHTML = '<svg class="drawn"></svg>';
        this.drawn = parsed.firstChild;
        this.hint = h("div", { class: "hint" });
        this.notice = h("div");
        this.messages = h("div", { role: "status" });
        const view = h("div", { class: "view" }, this.stage, this.overlay, this.drawn, this.hint, h("div", { class: "notice" }, this.notice, this.messages));
        this.dialog = fullDialog({ name: "cloud-editor", label: text("edit_cloud"), keys: (event) => this.key(event), closed: () => this.dispose() });
        this.dialog.element.append(bar, view, this.buildSide());
    }

    buildSide() {
        const { tools: t } = this;
        this.groups = {};
        this.fields = {};
        const group = (name, ...children) => h("fieldset", { class: name }, h("legend", {}, text(`group_${name}`)), ...children);
        const number = (name, options, change) => (this.fields[name] = numberField({ label: text(`field_${name}`), name, change, ...options }));
        const vector = (name, options, change) => {
            const read = () => this.fields[name].map((field) => Number(field.input.value));
            this.fields[name] = ["x", "y", "z"].map((axis) => numberField({ label: axis, name: `${name}_${axis}`, change: () => change(read()), ...options }));
            return (this.groups[name] = h("div", {}, h("div", {}, text(`field_${name}`)), h("div", { class: "vector" }, this.fields[name].map((field) => field.row))));
        };
        const part = (name) => (value) => this.setPart({ [name]: value });
        const edit = (name) => (value) => this.setEdit({ [name]: value });
        const small = 1e-6;
        this.countText = h("output", { name: "selected" });
        const selection = group("selection", this.countText, vector("center", {}, part("center")), vector("size", { min: small }, part("size")),
            vector("rotation", { step: 1, digits: 3 }, part("rotation")), number("radius", { min: small }, part("radius")).row,
            number("gap", { min: small, digits: 5 }, (value) => {
                this.gap = value;
                if (this.parts.at(-1)?.shape.shape === "cluster") this.setPart({ distance: value });
            }).row,
            number("thickness", { min: small, digits: 5 }, part("distance")).row, number("tolerance", { min: 0, max: 1 }, part("tolerance")).row); // prettier-ignore
        this.colorInput = h("input", { type: "color", name: "color", "aria-label": text("field_color"), onchange: () => this.setPaint({ color: this.colorInput.value }) });
        this.fields.mode = choiceField({ label: text("field_mode"), name: "mode", options: ["tint", "solid"].map((o) => [o, text(`option_${o}`)]), change: (mode) => this.setPaint({ mode }) });
        const apply = group("apply", h("div", { class: "row" }, t.act_remove, t.act_transform, t.act_duplicate),
            h("div", { class: "row" }, t.act_recolor), h("label", { class: "field" }, h("span", {}, text("field_color")), this.colorInput), this.fields.mode.row,
            number("strength", { min: 0, max: 1, step: 0.05 }, (strength) => this.setPaint({ strength })).row,
            h("div", { class: "row" }, t.act_insert, t.act_connected)); // prettier-ignore
        this.currentTitle = h("legend", {});
        this.groups.current = h("fieldset", { class: "current", hidden: true }, this.currentTitle, vector("move", {}, edit("move")), vector("rotate", { step: 1, digits: 3 }, edit("rotate")),
            vector("scale", { min: 1e-3, step: 0.05 }, edit("scale")), vector("offset", {}, edit("offset")), number("copies", { min: 1, max: 100, step: 1, digits: 0 }, (value) => this.setEdit({ copies: Math.round(value) })).row); // prettier-ignore
        this.rows = h("ol");
        this.preview = h("canvas");
        this.previewText = h("div");
        this.frameInput = h("input", { type: "range", name: "preview_frame", min: 0, max: 0, step: 1, "aria-label": text("field_view_frame"), oninput: () => {
            this.previewFrame = Number(this.frameInput.value);
            if (this.frame !== null) this.setFrame(this.previewFrame);
            this.showPreview();
        } }); // prettier-ignore
        const projection = group("projection", h("div", { class: "preview" }, this.preview), h("label", { class: "field" }, h("span", {}, text("field_view_frame")), this.frameInput), this.previewText);
        return h("div", { class: "side" }, group("edits", this.rows), this.groups.current, selection, apply, projection);
    }

    setGizmo(mode) {
        this.gizmo.setMode(mode);
        this.placeGizmo();
    }

    connectView() {
        const { canvas } = this.viewer;
        canvas.addEventListener("pointerdown", (event) => this.press(event), { capture: true });
        canvas.addEventListener("pointermove", (event) => this.draw(event));
        canvas.addEventListener("pointerup", () => this.release());
        canvas.addEventListener("pointercancel", () => {
            this.drawing = null;
            this.showDrawn();
        });
        this.dialog.element.addEventListener("dragover", (event) => event.preventDefault());
        this.stage.addEventListener("drop", (event) => {
            event.preventDefault();
            this.insertFile(event.dataTransfer.files[0]);
        });
    }

    key(event) {
        const held = event.ctrlKey || event.metaKey;
        const key = event.key.toLowerCase();
        const row = this.focus === "edit" ? this.current : -1;
        if (held && key === "z") event.shiftKey ? this.redo() : this.undo();
        else if (held && key === "y") this.redo();
        else if (held && key === "a") this.selectAll();
        else if (event.altKey && row >= 0 && (key === "arrowup" || key === "arrowdown")) this.reorder(row, row + (key === "arrowup" ? -1 : 1));
        else if (held || event.altKey) return false;
        else if (key === "escape") this.escape();
        else if (key === "delete" || key === "backspace") this.parts.length ? this.removeSelected() : row >= 0 && this.deleteEdit(row);
        else if (key >= "1" && key <= String(TOOLS.length)) this.setTool(TOOLS[Number(key) - 1]);
        else if (key === "0") this.setFrame(null);
        else if (key === "t") this.setGizmo("translate");
        else if (key === "r") this.setGizmo("rotate");
        else if (key === "y") this.setGizmo("scale");
        else if (key === "b") this.setBefore(!this.before);
        else if (key === "v") this.setThrough(!this.through);
        else if (key === "i") this.invertSelection();
        else if (key === "f") this.setNavigation(this.viewer.navigation.mode === "fly" ? "orbit" : "fly");
        else return false;
        return true;
    }

    /** One step back: what is being drawn, the selection, the editor. */
    escape() {
        if (this.drawing) {
            this.drawing = null;
            this.showDrawn();
        } else if (this.parts.length) this.clearSelection();
        else this.close();
    }

    close() {
        this.dialog.close();
    }

    dispose() {
        this.ended = true;
        if (window.spatiaEditor === this) delete window.spatiaEditor;
        this.node.spatiaReported = null;
        api.removeEventListener("execution_error", this.onError);
        this.resizes?.disconnect();
        this.gizmo?.dispose();
        this.analyst?.dispose();
        this.viewer?.dispose();
        app.canvas?.setDirty?.(true, true);
    }
}
