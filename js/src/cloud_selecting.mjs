// Selecting in the cloud editor's view: what is pressed, drawn and clicked there becomes a part of the selection.
import { CloudBrush } from "./cloud_brush.mjs";
import { CloudObjects } from "./cloud_object.mjs";
import { imageRectangle } from "./conventions.mjs";
import { combine, neat, neatAll, opposite, polygonOf, apartFrom } from "./edit_list.mjs";
import { text } from "./texts.mjs";

const DRAWN = ["box", "sphere", "lasso"]; // the others are clicked
const STEADY = 4; // pixels that a click may move
const START_SIZE = 0.08; // of the depth: what a click with box or sphere selects

export class CloudSelecting {
    /** @param {import("./cloud_editor.mjs").CloudEditor} editor @param {SVGElement} drawn shows what is under way */
    constructor(editor, drawn) {
        this.editor = editor;
        this.svg = drawn;
        const [dabs, shapes, circle] = /** @type {any} */ (drawn.children);
        this.drawn = shapes;
        this.brush = new CloudBrush(editor, dabs, circle);
        this.objects = new CloudObjects(editor);
        this.drawing = null; // what is under the mouse
    }

    connect() {
        const { canvas } = this.editor.viewer;
        canvas.addEventListener("pointerdown", (event) => this.press(event), { capture: true });
        canvas.addEventListener("pointermove", (event) => this.draw(event));
        canvas.addEventListener("pointerup", () => this.release());
        canvas.addEventListener("pointercancel", () => this.drop());
        canvas.addEventListener("pointerleave", () => this.brush.hide());
    }

    /** Nothing is drawn after all. */
    drop() {
        this.drawing = null;
        this.brush.drop();
        this.showDrawn();
    }

    /** The image that is drawn on: {left, top, width, height} in pixels of the view, and its camera. */
    drawnImage() {
        const { editor } = this;
        const width = this.editor.stage.clientWidth;
        const height = this.editor.stage.clientHeight;
        if (editor.frame === null) {
            const { w2c, intrinsics } = editor.viewer.imageCameraOf(width, height);
            return { left: 0, top: 0, width, height, camera: { w2c: neatAll(w2c, 10), intrinsics: neatAll(intrinsics, 10) } };
        }
        const area = imageRectangle(this.editor.facts.width / this.editor.facts.height, width, height);
        return { ...area, camera: this.editor.facts.cameras[this.editor.frame] };
    }

    press(event) {
        if (event.button !== 0 || event.altKey || this.editor.tool === "navigate" || !this.editor.result || this.editor.gizmo.held) return;
        event.stopImmediatePropagation();
        event.preventDefault();
        this.editor.viewer.canvas.focus({ preventScroll: true });
        this.editor.viewer.canvas.setPointerCapture(event.pointerId);
        if (this.editor.before) this.editor.setBefore(false);
        const at = this.inView(event);
        const image = this.drawnImage();
        const mode = event.shiftKey ? "add" : event.ctrlKey || event.metaKey ? "subtract" : this.editor.mode;
        this.drawing = { tool: this.editor.tool, mode, image, line: [at] };
        if (this.editor.tool === "brush") this.brush.begin(image, at);
        else if (this.editor.tool !== "lasso") this.drawing.picked = this.pick(image, [at]);
    }

    /** The points of the scene at places of the view: [{at, color, z} or null, ...]. */
    async pick({ camera, left, top, width, height }, places) {
        const { viewer, analyst, pointSize } = this.editor;
        const size = pointSize * viewer.pointScale;
        const question = { camera, width, height, size, places: places.map(([x, y]) => [x - left, y - top]) };
        return (await analyst.ask("pick", question)).points;
    }

    inView(event) {
        const box = this.editor.viewer.canvas.getBoundingClientRect();
        return [event.clientX - box.left, event.clientY - box.top];
    }

    draw(event) {
        const at = this.inView(event);
        if (!this.drawing) return this.editor.tool === "brush" && this.editor.result && this.brush.hover(this.drawnImage(), at);
        this.drawing.line.push(at);
        if (this.drawing.tool === "brush") this.brush.extend(at);
        else this.showDrawn();
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
            this.editor.say(error.message);
        }
    }

    /** What was drawn, as an edit keeps it. @param {{tool: string, image: any, line: number[][], picked?: Promise<any>}} drawn */
    async drawnShape({ tool, image, line, picked }) {
        if (tool === "lasso") {
            const points = polygonOf(line, image);
            if (points.length < 3) return null;
            const camera = { ...image.camera, size: [Math.round(image.width), Math.round(image.height)] };
            const shape = { shape: "lasso", camera, points, through: this.editor.through };
            return this.withSize(shape);
        }
        if (tool === "brush") return (await this.brush.end()) ?? this.editor.say(text("nothing_there"));
        const [point] = await picked;
        if (tool === "object") return this.objects.selectAt(image, line[0], point);
        if (!point) {
            this.editor.say(text("nothing_there"));
            return null;
        }
        const at = neatAll(point.at);
        if (tool === "cluster") return { shape: "cluster", at, distance: this.editor.gap };
        if (tool === "plane") {
            // Written out, so that it stays the same plane when edits before it change what lies there.
            const distance = neat(this.editor.gap / 2);
            const { from, way } = await this.editor.analyst.ask("plane", { point: at, distance });
            return { shape: "plane", point: neatAll(from), normal: neatAll(way), distance };
        }
        if (tool === "color") return { shape: "color", color: point.color, tolerance: 0.1 };
        const [from, to] = [line[0], line.at(-1)];
        const drawn = Math.hypot(to[0] - from[0], to[1] - from[1]);
        const reach = drawn < STEADY ? START_SIZE * this.editor.depth : (drawn * point.z) / (image.camera.intrinsics[0] * image.width);
        if (tool === "sphere") return { shape: "sphere", center: at, radius: neat(reach) };
        return { shape: "box", center: at, size: neatAll([2 * reach, 2 * reach, 2 * reach]), rotation: [0, 0, 0] };
    }

    /** A lasso with its camera's image so large that the front surface has no holes. */
    async withSize(lasso) {
        const { camera } = lasso;
        const { size } = await this.editor.analyst.ask("lasso", { selection: this.editor.amongRest(lasso), camera });
        return { ...lasso, camera: { ...camera, size } };
    }

    addPart(mode, shape) {
        const { editor } = this;
        return editor.select(() => (editor.parts = mode === "new" ? [{ mode, shape }] : [...editor.parts, { mode, shape }]));
    }

    /** Changes values of the part that was drawn last. */
    setPart(values, options) {
        const { editor } = this;
        const last = editor.parts.at(-1);
        if (last) editor.select(() => (editor.parts = [...editor.parts.slice(0, -1), { ...last, shape: { ...last.shape, ...values } }]), options);
    }

    setThrough(flag) {
        this.editor.through = flag;
        if (this.editor.parts.at(-1)?.shape.shape === "lasso") this.setPart({ through: flag });
        this.editor.refresh();
    }

    selectAll() {
        this.addPart("new", { shape: "all" });
    }

    invertSelection() {
        const whole = combine(this.editor.parts);
        if (whole) this.addPart("new", opposite(whole));
    }

    clearSelection() {
        return this.editor.select(() => (this.editor.parts = []));
    }

    /** What is selected is out of the way: hidden, or locked. Nothing that is selected later takes it. */
    putAway(hidden) {
        const { editor } = this;
        if (!editor.result?.selected?.count) return editor.say(text("selected_none"));
        return editor.select(() => {
            editor.taken = [...editor.taken, { shape: combine(editor.parts), hidden }];
            editor.parts = [];
        });
    }

    /** Brings back all that is hidden, or all that is locked. */
    bringBack(hidden) {
        const { editor } = this;
        if (!editor.taken.some((entry) => entry.hidden === hidden)) return;
        return editor.select(() => {
            // What is selected, and what stays away, was chosen when this was not there.
            if (editor.parts.length) editor.parts = [{ mode: "new", shape: editor.selection }];
            const back = [];
            const staying = [];
            for (const { shape, ...entry } of editor.taken) {
                if (entry.hidden === hidden) back.push(shape);
                else staying.push({ ...entry, shape: apartFrom(back, shape) });
            }
            editor.taken = staying;
        });
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
}
