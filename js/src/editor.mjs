// What the editors share: a dialog over the page, the node's widgets as the only memory, undo and redo, the scene of the
// node's last run, messages, keys, and an end that keeps or gives back what was changed.
import { Latest, announce, h, modalDialog } from "./dom.mjs";
import { DRAWN_BY, RELEASE, nodeAfter, numbersOf } from "./graph.mjs";
import { api, app, captureChange, isLinked, lastReport, runOnly, setWidget, widgetOf } from "./host.mjs";
import { useStyle } from "./style.mjs";
import { text } from "./texts.mjs";

const PREVIEW_PIXELS = 250000; // of the small preview

/** Opens the editor of this class for a node, and shows the scene that the node's last run had. */
export async function openEditor(Kind, node) {
    useStyle();
    const editor = new Kind(node);
    // What the browser tests, and a curious user's console, look at.
    window.spatiaEditor = editor;
    try {
        editor.start3d();
    } catch (error) {
        editor.close();
        throw new Error(text("no_webgl", { message: error.message }), { cause: error });
    }
    await editor.loadScene();
    return editor;
}

function paint(canvas, { pixels, width, height }) {
    Object.assign(canvas, { width, height });
    canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
}

/**
 * An editor says what is its own: snapshot() and recall(text) of what undo brings back, useReport(report, latest),
 * notices(), previewWish(), shortcuts, refresh(), frameSelection(). It fires "changed" when what it makes has changed.
 */
export class Editor extends EventTarget {
    // What an editor of its own makes when it is built or started.
    /** @type {import("./viewer.mjs").Viewer} */
    viewer;
    /** @type {import("./worker_client.mjs").WorkerClient} */
    analyst;
    /** @type {any} */
    gizmo;
    /** @type {ResizeObserver} */
    resizes;
    /** @type {HTMLCanvasElement} */
    preview;
    /** @type {HTMLElement} */
    previewText;

    /** name: class of the dialog; title: of the dialog; report: name under which the node's runs report their scene. */
    constructor(node, { name, title, report }) {
        super();
        this.node = node;
        this.name = name;
        this.title = title;
        this.report = report;
        this.done = [];
        this.undone = [];
        this.unsettled = null; // how it was before a change that is still being made
        this.facts = null;
        this.scenes = new Latest();
        this.opened = new Map(); // node -> its widgets' values when the editor came to it
        this.remember(node);
        node.spatiaReported = (told) => this.useReport(told).catch((error) => this.say(error.message));
        this.onError = ({ detail }) => this.say(`${detail.node_type}: ${detail.exception_message}`);
        api.addEventListener("execution_error", this.onError);
    }

    // --- what an editor of its own says ---

    /** What undo brings back. @returns {string} */
    snapshot() {
        throw this.missing("snapshot");
    }

    /** Brings a snapshot back. @param {string} _saved @returns {any} */
    recall(_saved) {
        throw this.missing("recall");
    }

    /** Shows what a run of the node reported, unless another scene is wanted meanwhile. @param {any} _report @param {() => boolean} [_latest] */
    async useReport(_report, _latest) {
        throw this.missing("useReport");
    }

    /** The frame whose projection is to be drawn; null for none. @returns {any} */
    previewWish() {
        throw this.missing("previewWish");
    }

    notices() {
        throw this.missing("notices");
    }

    /** @param {any} [_options] */
    refresh(_options) {
        throw this.missing("refresh");
    }

    frameSelection() {
        throw this.missing("frameSelection");
    }

    missing(name) {
        return new Error(`${this.constructor.name} has no ${name}()`);
    }

    // --- what the node says ---

    value(name) {
        return widgetOf(this.node, name)?.value;
    }

    get hasMemory() {
        return isLinked(this.node, "memory");
    }

    /** How the node that draws the scene does it, so that the preview is what the network gets. */
    get projecting() {
        const { radius, points_per_pixel } = numbersOf(nodeAfter(this.node, DRAWN_BY), { radius: RELEASE.radius, points_per_pixel: 5 });
        return { radius, layers: points_per_pixel };
    }

    // --- the scene ---

    async loadScene() {
        const latest = this.scenes.begin();
        try {
            const report = this.node.spatiaReport ?? (await lastReport(this.node, this.report));
            if (report) await this.useReport(report, latest);
        } catch (error) {
            this.say(error.message);
        }
        this.looked = true; // for an earlier run, before asking for a new one
        this.notices();
    }

    async run() {
        this.say(text("load_scene_running"));
        const refused = await runOnly(this.node);
        if (refused) this.say(refused);
    }

    loadButton() {
        return h("button", { type: "button", name: "load", class: "main", onclick: () => this.run() }, text("load_scene"));
    }

    say(message) {
        announce(this.messages, message);
    }

    /** Draws the wished frame's projection. One at a time, the latest wish next: scrubbing asks faster than pictures are drawn. */
    async showPreview() {
        if (this.previewing) return (this.previewAgain = true);
        this.previewing = true;
        try {
            do {
                this.previewAgain = false;
                const wish = this.previewWish();
                if (!wish) return;
                const shrink = wish.full ? 1 : Math.min(1, Math.sqrt(PREVIEW_PIXELS / (wish.width * wish.height)));
                const [w, high] = [wish.width, wish.height].map((size) => Math.round(size * shrink));
                const question = { camera: wish.camera, width: w, height: high, options: this.projecting };
                const ask = (unmarked) => this.analyst.ask("preview", { ...question, unmarked });
                const drawn = await ask(false);
                const bare = wish.bare && (await ask(true));
                if (this.ended) return;
                for (const canvas of [this.preview, wish.full].filter(Boolean)) paint(canvas, drawn);
                if (bare) paint(wish.bare, bare);
                this.preview.dataset.frame = wish.frame;
                this.previewText.textContent = wish.describe(...[drawn, bare].filter(Boolean).map(({ coverage }) => Math.round(100 * coverage)));
            } while (this.previewAgain);
        } catch (error) {
            this.say(error.message);
        } finally {
            this.previewing = false;
        }
    }

    // --- undo ---

    /** A change begins: what undo goes back to is how it is now. */
    begin() {
        this.unsettled ??= this.snapshot();
    }

    /** A change is made: one step of undo, unless nothing is different. */
    settle() {
        if (this.unsettled !== this.snapshot()) {
            this.done.push(this.unsettled);
            this.undone = [];
            captureChange();
        }
        this.unsettled = null;
    }

    undo() {
        return this.restore(this.done, this.undone);
    }

    redo() {
        return this.restore(this.undone, this.done);
    }

    restore(from, to) {
        if (!from.length) return;
        to.push(this.snapshot());
        const recalled = this.recall(from.pop());
        this.unsettled = null;
        captureChange();
        return recalled;
    }

    // --- the end ---

    /** Cancel is to give this node's widgets back as they are now. */
    remember(node) {
        if (!this.opened.has(node)) this.opened.set(node, JSON.stringify(widgetValues(node)));
    }

    get changed() {
        return [...this.opened].some(([node, values]) => JSON.stringify(widgetValues(node)) !== values);
    }

    /** Gives all widgets back as they were, and closes. */
    cancel() {
        if (this.changed) {
            for (const [node, values] of this.opened) {
                for (const [name, value] of JSON.parse(values)) if (widgetOf(node, name)?.value !== value) setWidget(node, name, value);
            }
            captureChange();
        }
        this.close();
    }

    /** Closes at once where nothing changed; asks what to do with it otherwise. */
    leave() {
        if (!this.changed) return this.close();
        const answer = (name, act, main) =>
            h("button", { type: "button", name, class: main ? "main" : null, onclick: () => {
                this.goOn();
                act();
            } }, text(name)); // prettier-ignore
        const keep = answer("ask_keep", () => this.close(), true);
        this.question = h("div", { class: "ask", role: "alertdialog", "aria-label": text("ask_leave") },
            h("div", {}, h("p", {}, text("ask_leave")), h("div", { class: "row" }, keep, answer("ask_discard", () => this.cancel()), answer("ask_go_on", () => {}))),
        ); // prettier-ignore
        this.dialog.element.append(this.question);
        keep.focus();
    }

    /** Takes the question away. */
    goOn() {
        this.question.remove();
        this.question = null;
        this.viewer.canvas.focus();
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
        this.dispatchEvent(new Event("closed"));
        app.canvas?.setDirty?.(true, true);
    }

    // --- the dialog ---

    openDialog(...children) {
        this.dialog = modalDialog({
            name: `spatia-editor ${this.name}`,
            label: text(this.title),
            keys: (event) => this.key(event),
            closed: () => this.dispose(),
        });
        this.dialog.element.append(...children);
    }

    /** The row of tools on top: title, these, and at its end Cancel and Done. */
    toolbar(...tools) {
        return h("div", { class: "tools", role: "toolbar", "aria-label": text(this.title) },
            h("h2", {}, text(this.title)), ...tools,
            h("button", { type: "button", name: "cancel", class: "last", title: text("cancel_title"), onclick: () => this.cancel() }, text("cancel")),
            h("button", { type: "button", name: "done", class: "main", onclick: () => this.close() }, text("done")),
        ); // prettier-ignore
    }

    /** The 3-D view with what lies over it. over: elements in the place of the picture; own: more elements of this editor. */
    buildView(over, ...own) {
        this.stage = h("div", { class: "stage" });
        this.overlay = h("div", { class: "overlay", hidden: true }, ...over);
        this.hint = h("div", { class: "hint" });
        this.notice = h("div");
        this.messages = h("div", { role: "status" });
        return h("div", { class: "view" }, this.stage, this.overlay, ...own, this.hint, h("div", { class: "notice" }, this.notice, this.messages));
    }

    setNavigation(mode) {
        this.viewer.navigation.mode = mode;
        this.viewer.canvas.focus();
        this.refresh();
    }

    toggleFly() {
        this.setNavigation(this.viewer.navigation.mode === "fly" ? "orbit" : "fly");
    }

    /** Keys of every editor: what is pressed, as `combination` names it -> what it does; false: not for us. @returns {Record<string, () => any>} */
    get shortcuts() {
        return {
            "ctrl+z": () => this.undo(), "ctrl+shift+z": () => this.redo(), "ctrl+y": () => this.redo(), escape: () => this.leave(),
            f: () => this.frameSelection(), g: () => this.toggleFly(), x: () => this.viewer.toggleGuides(),
        }; // prettier-ignore
    }

    key(event) {
        if (this.question) {
            if (event.key !== "Escape") return false;
            this.goOn();
            return true;
        }
        const pressed = combination(event);
        if (event.target.matches?.("button") && (pressed === " " || pressed === "enter")) return false;
        const act = this.shortcuts[pressed];
        if (!act) return false;
        return act() !== false;
    }
}

/** The name of what is pressed: "k", "ctrl+shift+z", "alt+arrowup"; shift counts with Ctrl or Command alone. */
export function combination(event) {
    const held = event.ctrlKey || event.metaKey;
    return [held && "ctrl", event.altKey && "alt", held && event.shiftKey && "shift", event.key.toLowerCase()].filter(Boolean).join("+");
}

/** [name, value] of the widgets that a workflow file keeps; those that bring others first. */
function widgetValues(node) {
    const kept = (node.widgets ?? []).filter((widget) => widget.type !== "button" && widget.options?.serialize !== false);
    return kept.map(({ name, value }) => [name, value]).sort(([a], [b]) => a.split(".").length - b.split(".").length);
}

/**
 * A button of a toolbar; its text without the key it names in brackets, which the tooltip keeps.
 * @param {string} name @param {(event: Event) => void} act @param {{label?: string, title?: string}} options
 */
export function toolButton(name, act, { label, title } = {}) {
    return h("button", { type: "button", name, title: title ?? text(name), onclick: act }, label ?? text(name).replace(/ \([^)]*\)$/, ""));
}

/** A line between groups of tools. */
export const gap = () => h("span", { class: "gap" });
