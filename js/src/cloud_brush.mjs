// The cloud editor's brush: a selection painted on the surface. Places along the mouse's line are looked up in the scene while
// it is drawn; what is kept are the strokes through them.
import { neat, strokesOf } from "./edit_list.mjs";

const SPACING = 6; // pixels between places that are looked up, at most half a brush
const [SMALLEST, LARGEST] = [0.001, 0.5]; // radius, of the depth of the scene

export class CloudBrush {
    /** @param {import("./cloud_editor.mjs").CloudEditor} editor @param {SVGElement} dabs what is painted @param {SVGElement} circle at the mouse */
    constructor(editor, dabs, circle) {
        this.editor = editor;
        this.dabs = dabs;
        this.circle = circle;
        this.stroke = null; // under way
        this.depth = null; // scene units from the camera to what is under the mouse
        this.mouse = null;
        this.hide();
    }

    /** Makes the brush this many times as large. */
    scale(factor) {
        const { editor } = this;
        if (!editor.brush) return;
        editor.brush = neat(Math.min(LARGEST * editor.depth, Math.max(SMALLEST * editor.depth, editor.brush * factor)), 3);
        editor.refresh();
        this.showCircle();
    }

    pixels(radius, { camera, width }, depth) {
        return (radius * camera.intrinsics[0] * width) / depth;
    }

    /** The circle follows the mouse, as large as the brush is on what lies there. */
    async hover(image, at) {
        this.mouse = { image, at };
        this.showCircle();
        if (this.looking) return;
        this.looking = true;
        try {
            for (let asked = null; this.mouse && asked !== this.mouse.at;) {
                asked = this.mouse.at;
                const [point] = await this.editor.selecting.pick(this.mouse.image, [asked]);
                if (point) this.depth = point.z;
                this.showCircle();
            }
        } catch (error) {
            this.editor.say(error.message);
        } finally {
            this.looking = false;
        }
    }

    showCircle() {
        this.circle.toggleAttribute("hidden", !this.mouse);
        if (!this.mouse) return;
        const { image, at } = this.mouse;
        const r = this.pixels(this.editor.brush, image, this.depth ?? this.editor.depth);
        for (const [name, value] of Object.entries({ cx: at[0], cy: at[1], r })) this.circle.setAttribute(name, String(value));
    }

    hide() {
        this.mouse = null;
        this.showCircle();
    }

    begin(image, at) {
        const dabs = document.createElementNS(this.dabs.namespaceURI, "g");
        this.dabs.append(dabs);
        this.stroke = { image, radius: this.editor.brush, end: at, open: [at], found: [], dabs, work: null, failed: null };
        this.lookUp(this.stroke);
    }

    extend(at) {
        const { stroke } = this;
        if (!stroke) return;
        this.mouse = { image: stroke.image, at };
        this.showCircle();
        const [x, y] = stroke.end;
        const step = Math.max(1, Math.min(SPACING, this.pixels(stroke.radius, stroke.image, this.depth ?? this.editor.depth) / 2));
        const pieces = Math.floor(Math.hypot(at[0] - x, at[1] - y) / step);
        if (!pieces) return;
        for (let i = 1; i <= pieces; i++) stroke.open.push([x + ((at[0] - x) * i) / pieces, y + ((at[1] - y) * i) / pieces]);
        stroke.end = at;
        this.lookUp(stroke);
    }

    /** Looks up what is still open, all that came meanwhile at once. */
    lookUp(stroke) {
        stroke.work ??= this.look(stroke)
            .catch((error) => (stroke.failed = error))
            .finally(() => (stroke.work = null));
    }

    async look(stroke) {
        while (stroke.open.length) {
            const places = stroke.open.splice(0);
            const points = await this.editor.selecting.pick(stroke.image, places);
            for (const [i, point] of points.entries()) {
                if (!point) continue;
                stroke.found.push(point.at);
                this.depth = point.z;
                this.showDab(stroke, places[i], point.z);
            }
            this.showCircle();
        }
    }

    showDab({ dabs, image, radius }, [cx, cy], depth) {
        const dab = document.createElementNS(dabs.namespaceURI, "circle");
        for (const [name, value] of Object.entries({ cx, cy, r: this.pixels(radius, image, depth) })) dab.setAttribute(name, String(value));
        dabs.append(dab);
    }

    /** The strokes that were painted, null where nothing was met. */
    async end() {
        const { stroke } = this;
        this.stroke = null;
        await stroke.work;
        stroke.dabs.remove();
        if (stroke.failed) throw stroke.failed;
        return strokesOf(stroke.found, stroke.radius);
    }

    drop() {
        this.stroke?.dabs.remove();
        this.stroke = null;
    }
}
