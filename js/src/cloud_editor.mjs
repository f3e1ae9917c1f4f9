// The editor of the Edit Point Cloud node. The list of edits lives in the node's edits widget: closing the page loses
// nothing, and a workflow file makes the same scene without it.
import { CloudEdits } from "./cloud_edits.mjs";
import { CloudList } from "./cloud_list.mjs";
import { CloudSide, CloudTools, TOOLS } from "./cloud_panels.mjs";
import { CloudSelecting } from "./cloud_selecting.mjs";
import { useCloudStyle } from "./cloud_style.mjs";
import { imageRectangle } from "./conventions.mjs";
import { h } from "./dom.mjs";
import { editTarget, EditGizmo, selectionTarget } from "./edit_gizmo.mjs";
import { combine, formatEdits, neat, ownEdit, parseEdits, apartFrom } from "./edit_list.mjs";
import { Editor, openEditor } from "./editor.mjs";
import { fetchFile, setWidget } from "./host.mjs";
import { invertPose } from "./matrix.mjs";
import { text } from "./texts.mjs";
import { Viewer, sizeForDensity } from "./viewer.mjs";
import { WorkerClient } from "./worker_client.mjs";

const GAP_VOXELS = 3; // a cluster bridges as many by default

export function openCloudEditor(node) {
    useCloudStyle();
    return openEditor(CloudEditor, node);
}

export class CloudEditor extends Editor {
    /** What the gizmo holds. @type {"edit" | "selection" | undefined} */
    focus;
    /** Of the scene: {low, high}. @type {any} */
    bounds;
    /** Points that are shown, and that there are. */
    known = 0;
    total = 0;
    /** Scene units that a cluster bridges; from the first scene on. @type {number | undefined} */
    gap;

    constructor(node) {
        super(node, { name: "cloud-editor", title: "edit_cloud", report: "spatia_edit" });
        this.current = -1; // of the list, what the gizmo and the fields change
        this.parts = []; // of the selection: {mode, shape}, as they were drawn
        this.taken = []; // out of the way: {shape, hidden}, as they were selected; what is not hidden is locked
        this.brush = null; // its radius, scene units
        this.tool = "navigate";
        this.modes = { brush: "add", others: "new" }; // what the next selection does: strokes of a brush add up
        this.through = false;
        this.before = false;
        this.frame = null; // of the memory, looked through; null is the free view
        this.previewFrame = 0;
        this.paint = { color: "#ff0000", mode: "tint", strength: 1 };
        this.result = null;
        this.build();
    }

    build() {
        const parsed = h("div");
        parsed.innerHTML = '<svg class="drawn"><g class="dabs"></g><g></g><circle class="brush"></circle></svg>';
        this.edits = new CloudEdits(this);
        this.listed = new CloudList(this);
        this.selecting = new CloudSelecting(this, parsed.firstChild);
        this.tools = new CloudTools(this);
        this.side = new CloudSide(this);
        this.openDialog(this.tools.bar, this.buildView([], this.selecting.svg), this.side.element);
        this.dialog.element.addEventListener("dragover", (event) => event.preventDefault());
        this.stage.addEventListener("drop", (event) => {
            event.preventDefault();
            this.edits.insertFile(event.dataTransfer.files[0]);
        });
    }

    start3d() {
        this.viewer = new Viewer(this.stage, { label: text("cloud_view_label") });
        this.analyst = new WorkerClient("spatia-edit-worker.mjs", (message) => this.say(message));
        this.gizmo = new EditGizmo(this.viewer, (values, done) => this.held(values, done));
        this.resizes = new ResizeObserver(() => this.aim());
        this.resizes.observe(this.stage);
        this.selecting.connect();
        this.read();
        this.refresh();
    }

    // --- what the node says ---

    /** Reads the widgets. A text that does not parse is shown as it is, and not written over. */
    read() {
        this.linked = (this.node.inputs ?? [])
            .filter((input) => input.link != null && /^(edits|invert|select|operation)(\.|$)/.test(input.name))
            .map((input) => input.name);
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

    /** Scene units that are a comfortable distance here. */
    get depth() {
        if (this.facts?.depth) return this.facts.depth;
        if (!this.bounds) return 1;
        return Math.hypot(...this.bounds.high.map((v, axis) => v - this.bounds.low[axis])) / 2 || 1;
    }

    get selection() {
        return this.amongRest(combine(this.parts));
    }

    /** A selection as it is while some points are out of the way. */
    amongRest(shape) {
        return apartFrom(this.taken.map((entry) => entry.shape), shape); // prettier-ignore
    }

    get mode() {
        return this.modes[this.tool === "brush" ? "brush" : "others"];
    }

    set mode(mode) {
        this.modes[this.tool === "brush" ? "brush" : "others"] = mode;
    }

    // --- the scene ---

    /** Shows the scene that a run of this node had, unless another one is wanted meanwhile. */
    async useReport(report, latest = this.scenes.begin()) {
        // Without a memory there is no scene to edit.
        if (!this.hasMemory) return;
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
        this.brush ??= neat(Math.max(GAP_VOXELS * this.facts.voxel_size, 0.03 * this.depth), 2);
        this.gap ??= neat(Math.max(GAP_VOXELS * this.facts.voxel_size, 0.01 * this.depth), 3);
        const last = this.facts.cameras.length - 1;
        this.previewFrame = fresh ? last : Math.min(this.previewFrame, last);
        if (this.frame !== null) this.frame = Math.min(this.frame, last);
        if (fresh) this.overlook();
        this.read();
        this.refresh();
        await this.replay();
        if (this.edits.placing) this.edits.placeInserted();
    }

    /** The free camera stands a little behind and above the last camera, looking the same way. */
    overlook() {
        const c2w = invertPose(this.facts.cameras.at(-1).w2c);
        for (const i of [0, 1, 2]) c2w[4 * i + 3] -= this.depth * (0.35 * c2w[4 * i + 2] + 0.2 * c2w[4 * i + 1]);
        this.viewer.lookFrom(c2w, 1.35 * this.depth);
        this.viewer.navigation.orbit(0.15, 0.02);
    }

    /** The free camera goes to where it sees what is selected, else what the current edit moves, else the whole cloud. */
    frameSelection() {
        if (!this.result) return;
        const bounds = this.result.selected?.bounds ?? (this.focus === "edit" && this.current >= 0 ? this.result.bounds : null) ?? this.bounds;
        if (!bounds) return;
        if (this.frame !== null) this.setFrame(null);
        this.viewer.frame(bounds.low, bounds.high);
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
            const question = { edits, selection: this.selection, taken: this.taken, current: this.current < 0 ? -1 : this.current + own, before: this.before };
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

    previewWish() {
        if (!this.result) return null;
        const frame = this.previewFrame;
        const { width, height, cameras } = this.facts;
        const bare = this.filling ? this.side.bare : null;
        const describe = (share, without) => text(bare ? "preview_filled" : "preview_frame", { frame, share, without });
        return { frame, camera: cameras[frame], width, height, bare, describe };
    }

    /** Whether the current edit fills what it removes: its projection is then shown with and without. */
    get filling() {
        const edit = this.focus === "edit" ? this.list[this.current] : null;
        return Boolean(edit?.do === "remove" && edit.fill && !edit.off && !this.before && this.result?.current === this.current);
    }

    // --- changes ---

    snapshot() {
        const widgets = (this.node.widgets ?? []).filter(({ name }) => /^(edits|operation)(\.|$)/.test(name)).map(({ name, value }) => [name, value]);
        return JSON.stringify({ widgets, current: this.current, parts: this.parts, taken: this.taken });
    }

    /** Makes one undoable change of what is selected or out of the way: alter() changes this.parts and this.taken. */
    select(alter, { settled = true } = {}) {
        this.begin();
        alter();
        this.focus = "selection";
        if (settled) this.settle();
        return this.replay();
    }

    /** Makes one undoable change: alter(list) changes this.list, which is then written to the widget. */
    change(alter, { settled = true } = {}) {
        if (!this.editable) return;
        this.begin();
        alter(this.list);
        this.current = Math.min(this.current, this.list.length - 1);
        setWidget(this.node, "edits", formatEdits(this.list));
        if (settled) this.settle();
        this.refresh();
        return this.replay();
    }

    recall(saved) {
        const { widgets, current, parts, taken } = JSON.parse(saved);
        // The kind of the node's own edit first: it brings the widgets of its values.
        widgets.sort(([a], [b]) => a.length - b.length);
        for (const [name, value] of widgets) setWidget(this.node, name, value);
        Object.assign(this, { current, parts, taken });
        this.read();
        this.refresh();
        return this.replay();
    }

    /** What the gizmo was dragged to. */
    held(values, done) {
        if (this.gizmo.target.of === "edit") this.edits.setEdit(values, { settled: done });
        else this.selecting.setPart(values, { settled: done });
    }

    // --- showing ---

    notices() {
        const lines = [];
        if (this.linked.length) lines.push(text("cloud_linked", { names: this.linked.join(", ") }));
        if (this.problem) lines.push(this.problem);
        if (!this.hasMemory) lines.push(text("no_memory"));
        if (this.facts && this.total > this.known) lines.push(text("thinned", { count: this.known, total: this.total }));
        if (this.result && !this.result.points) lines.push(text("leaves_nothing"));
        this.notice.replaceChildren(...lines.map((line) => h("div", {}, line)));
        if (this.hasMemory && !this.facts && this.looked) this.notice.append(h("div", {}, text("no_scene"), " ", this.loadButton()));
        else if (this.result?.failures.includes("not_loaded")) this.notice.append(h("div", {}, text("failed_not_loaded"), " ", this.loadButton()));
    }

    refresh() {
        this.tools.show();
        this.side.show();
        this.listed.show();
        this.placeGizmo();
        this.aim();
        this.notices();
        this.dispatchEvent(new Event("changed"));
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
        this.tools.showGizmo();
    }

    aim() {
        const camera = this.frame === null ? null : this.facts.cameras[this.frame];
        const aspect = this.facts ? this.facts.width / this.facts.height : 1;
        this.viewer.viewThrough(camera && { c2w: invertPose(camera.w2c), intrinsics: camera.intrinsics, aspect });
        this.overlay.hidden = this.frame === null;
        const area = imageRectangle(aspect, this.stage.clientWidth, this.stage.clientHeight);
        for (const side of ["left", "top", "width", "height"]) this.overlay.style[side] = `${area[side]}px`;
        this.gizmo.controls.enabled = this.frame === null;
        this.viewer.canvas.style.cursor = this.tool === "navigate" ? "" : "crosshair";
        const { mode } = this.viewer.navigation;
        if (this.frame !== null && this.tool === "navigate") this.hint.textContent = text("tool_hint_frame", { frame: this.frame });
        else this.hint.textContent = text(this.tool === "navigate" ? (mode === "fly" ? "hint_fly" : "hint_look") : `tool_hint_${this.tool}`);
    }

    setTool(tool) {
        this.tool = tool;
        this.selecting.brush.hide();
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

    setGizmo(mode) {
        this.gizmo.setMode(mode);
        this.placeGizmo();
    }

    // --- keys ---

    get shortcuts() {
        const { edits, selecting } = this;
        const row = this.focus === "edit" ? this.current : -1;
        const erase = () => (this.parts.length ? edits.removeSelected() : row >= 0 && edits.deleteEdit(row));
        return {
            ...super.shortcuts, escape: () => this.escape(), "ctrl+a": () => selecting.selectAll(),
            "alt+arrowup": () => (row >= 0 ? edits.reorder(row, row - 1) : false), "alt+arrowdown": () => (row >= 0 ? edits.reorder(row, row + 1) : false),
            delete: erase, backspace: erase, 0: () => this.setFrame(null), t: () => this.setGizmo("translate"), r: () => this.setGizmo("rotate"),
            y: () => this.setGizmo("scale"), b: () => this.setBefore(!this.before), v: () => selecting.setThrough(!this.through), i: () => selecting.invertSelection(),
            h: () => selecting.putAway(true), l: () => selecting.putAway(false), "[": () => selecting.brush.scale(1 / 1.2), "]": () => selecting.brush.scale(1.2),
            ...Object.fromEntries(TOOLS.map((tool, index) => [index + 1, () => this.setTool(tool)])),
        }; // prettier-ignore
    }

    /** One step back: what is being drawn, the selection, the editor. */
    escape() {
        if (this.selecting.drawing) this.selecting.drop();
        else if (this.parts.length) this.selecting.clearSelection();
        else this.leave();
    }
}
