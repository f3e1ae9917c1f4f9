// What the cloud editor does with its list of edits. Each is one undoable change.
import { neat, neatAll } from "./edit_list.mjs";
import { api, setWidget } from "./host.mjs";
import { cleanUp, nodePart } from "./node_edits.mjs";
import { text } from "./texts.mjs";

const UPLOADS = "spatia"; // folder in the host's input folder

export class CloudEdits {
    /** @param {import("./cloud_editor.mjs").CloudEditor} editor */
    constructor(editor) {
        this.editor = editor;
        this.placing = null; // an inserted edit whose points are not here yet
    }

    /** Adds an edit of what is selected. keep: the selection stays, for another edit of the same points. */
    apply(edit, { keep = false } = {}) {
        const select = this.editor.selection;
        if (!select || !this.editor.result?.selected?.count) return this.editor.say(text("selected_none"));
        this.editor.focus = "edit";
        return this.editor.change((list) => {
            list.push({ ...edit, select });
            this.editor.current = list.length - 1;
            if (!keep) this.editor.parts = [];
        });
    }

    removeSelected() {
        return this.apply({ do: "remove" });
    }

    recolor() {
        return this.apply({ do: "recolor", ...this.editor.paint }, { keep: true });
    }

    transform() {
        return this.apply({ do: "transform", move: [0, 0, 0], rotate: [0, 0, 0], scale: [1, 1, 1] });
    }

    duplicate() {
        const bounds = this.editor.result?.selected?.bounds;
        const wide = bounds ? bounds.high[0] - bounds.low[0] : 0;
        return this.apply({ do: "duplicate", offset: [neat(1.1 * wide || 0.1 * this.editor.depth), 0, 0], copies: 1 });
    }

    /** Adds a removal that the node makes, among what is selected or all points. */
    tidy(shape) {
        this.editor.focus = "edit";
        const edit = cleanUp(shape, this.editor.gap, this.editor.selection);
        return this.editor.change((list) => {
            list.push(edit);
            this.editor.current = list.length - 1;
            this.editor.parts = [];
        });
    }

    /** Changes values of what the node alone selects for the current edit. */
    setNodePart(values) {
        return this.editor.change((list) => Object.assign(nodePart(list[this.editor.current].select), values));
    }

    /** Changes values of the current edit. */
    setEdit(values, options) {
        if (this.editor.current < 0) return;
        return this.editor.change((list) => Object.assign(list[this.editor.current], values), options);
    }

    setPaint(values) {
        Object.assign(this.editor.paint, values);
        if (this.editor.list[this.editor.current]?.do === "recolor" && this.editor.focus === "edit") this.setEdit(values);
        else this.editor.refresh();
    }

    toggle(index, on) {
        this.editor.change((list) => {
            if (on) delete list[index].off;
            else list[index].off = true;
        });
    }

    reorder(from, to) {
        if (to < 0 || to >= this.editor.list.length || from === to) return;
        this.editor.change((list) => {
            list.splice(to, 0, ...list.splice(from, 1));
            this.editor.current = to;
        });
    }

    deleteEdit(index) {
        this.editor.change((list) => {
            list.splice(index, 1);
            if (this.editor.current >= index) this.editor.current = this.editor.current === index ? -1 : this.editor.current - 1;
        });
    }

    /** Puts the edit of the node's other widgets at the beginning of the list, where it can be changed like the others. */
    takeOver(values = {}) {
        this.editor.change((list) => {
            list.unshift({ ...this.editor.own, ...values });
            setWidget(this.editor.node, "operation", "none");
            this.editor.own = null;
            if (this.editor.current >= 0) this.editor.current++;
        });
    }

    choose(index) {
        this.editor.current = this.editor.current === index && this.editor.focus === "edit" ? -1 : index;
        this.editor.focus = "edit";
        const edit = this.editor.list[this.editor.current];
        if (edit?.do === "recolor") {
            const { color, mode = "solid", strength = 1 } = edit;
            const shown = Array.isArray(color) ? `#${color.map((v) => Math.round(v).toString(16).padStart(2, "0")).join("")}` : color;
            Object.assign(this.editor.paint, { color: shown, mode, strength });
        }
        return this.editor.replay();
    }

    async insertFile(file) {
        if (!file) return;
        try {
            this.editor.say(text("uploading", { name: file.name }));
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
            if (!this.editor.files?.has(path)) await this.editor.run();
        } catch (error) {
            this.editor.say(error.message);
        }
    }

    insert(edit) {
        this.editor.focus = "edit";
        this.placing = edit;
        const settled = this.editor.change((list) => {
            list.push(edit);
            this.editor.current = list.length - 1;
        });
        return settled?.then(() => this.placing && this.placeInserted());
    }

    /** What has nothing to do with the scene's own place and size is put where the view looks. */
    placeInserted() {
        const bounds = this.editor.result?.bounds;
        const edit = this.editor.list[this.editor.current];
        if (!bounds || edit?.do !== "merge" || edit.file !== this.placing?.file) return;
        this.placing = null;
        const meets =
            this.editor.bounds && bounds.low.every((low, axis) => low <= this.editor.bounds.high[axis] && bounds.high[axis] >= this.editor.bounds.low[axis]);
        const largest = Math.max(...bounds.high.map((v, axis) => v - bounds.low[axis]));
        const foreign = largest > 4 * this.editor.depth || largest < 0.01 * this.editor.depth;
        if (meets && !foreign) return;
        const { x, y, z } = this.editor.viewer.navigation.target;
        const move = [x, -y, -z].map((v, axis) => v - (bounds.low[axis] + bounds.high[axis]) / 2);
        this.setEdit({ move: neatAll(move), ...(foreign ? { scale: neat((0.3 * this.editor.depth) / largest, 3) } : {}) });
    }
}
