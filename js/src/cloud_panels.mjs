// The cloud editor's toolbar and the fields beside its view: what they are, and what they show of the editor's state.
import { choiceField, h, numberField } from "./dom.mjs";
import { SELECTION_MODES } from "./edit_list.mjs";
import { gap, toolButton } from "./editor.mjs";
import { isLinked } from "./host.mjs";
import { NODE_SHAPES, nodePart } from "./node_edits.mjs";
import { text } from "./texts.mjs";

export const TOOLS = ["navigate", "box", "sphere", "lasso", "cluster", "plane", "color", "brush", "object"];
const PICTURES = ".png,.webp,.jpg,.jpeg,.bmp";
const FILES = ".ply,.glb,.gltf,.obj,.stl,.off,.pcd,.xyz,.pts";
const FILLS = ["network", "plane", "neighbours"];
const TIDY = ["outliers", "sparse", "dbscan"];
const SMALL = 1e-6;

export class CloudTools {
    /** @param {import("./cloud_editor.mjs").CloudEditor} editor */
    constructor(editor) {
        this.editor = editor;
        const { selecting, edits } = editor;
        this.fileInput = h("input", { type: "file", name: "insert_file", accept: FILES, hidden: true, onchange: () => {
            edits.insertFile(this.fileInput.files[0]);
            this.fileInput.value = "";
        } }); // prettier-ignore
        this.maskInput = h("input", { type: "file", name: "mask_picture", accept: PICTURES, hidden: true, onchange: () => {
            selecting.objects.selectPicture(this.maskInput.files[0]);
            this.maskInput.value = "";
        } }); // prettier-ignore
        const named = (prefix, name, act) =>
            toolButton(name, act, { label: text(`${prefix}_${name}`).replace(/ \([^)]*\)$/, ""), title: text(`${prefix}_${name}`) });
        this.buttons = {
            undo: toolButton("undo", () => editor.undo(), { label: "↶" }),
            redo: toolButton("redo", () => editor.redo(), { label: "↷" }),
            front: toolButton("front", () => selecting.setThrough(false), { title: text("front_title") }),
            through: toolButton("through", () => selecting.setThrough(true), { title: text("front_title") }),
            select_all: toolButton("select_all", () => selecting.selectAll()),
            select_invert: toolButton("select_invert", () => selecting.invertSelection()),
            select_clear: toolButton("select_clear", () => selecting.clearSelection()),
            hide: toolButton("hide", () => selecting.putAway(true), { title: text("hide_title") }),
            lock: toolButton("lock", () => selecting.putAway(false), { title: text("lock_title") }),
            show_all: toolButton("show_all", () => selecting.bringBack(true)),
            unlock_all: toolButton("unlock_all", () => selecting.bringBack(false)),
            mask_picture: toolButton("mask_picture", () => this.maskInput.click(), { title: text("mask_picture_title") }),
            orbit: toolButton("orbit", () => editor.setNavigation("orbit")),
            fly: toolButton("fly", () => editor.setNavigation("fly")),
            before: toolButton("before", () => editor.setBefore(!editor.before), { title: text("before_title") }),
            view_frame: toolButton("view_frame", () => editor.setFrame(editor.frame === null ? editor.previewFrame : null)),
            act_remove: toolButton("act_remove", () => edits.removeSelected()),
            act_recolor: toolButton("act_recolor", () => edits.recolor()),
            act_transform: toolButton("act_transform", () => edits.transform()),
            act_duplicate: toolButton("act_duplicate", () => edits.duplicate()),
            act_insert: toolButton("act_insert", () => this.fileInput.click(), { title: text("act_insert_title") }),
            act_connected: toolButton("act_connected", () => edits.insert({ do: "merge" })),
        };
        for (const name of ["translate", "rotate", "scale"]) this.buttons[name] = named("gizmo", name, () => editor.setGizmo(name));
        for (const name of TIDY) this.buttons[`tidy_${name}`] = toolButton(`tidy_${name}`, () => edits.tidy(name), { title: text("tidy_title") });
        for (const name of TOOLS) this.buttons[name] = named("tool", name, () => editor.setTool(name));
        this.modeSelect = h("select", { name: "selection_mode", "aria-label": text("mode"), title: text("mode"), onchange: () => (editor.mode = this.modeSelect.value) },
            SELECTION_MODES.map((mode) => h("option", { value: mode }, text(`mode_${mode}`)))); // prettier-ignore
        this.sizeInput = h("input", { type: "range", name: "point_size", min: -2, max: 2, step: 0.1, value: 0, "aria-label": text("point_size"), title: text("point_size"), oninput: () => {
            editor.viewer.setPointScale(2 ** Number(this.sizeInput.value));
        } }); // prettier-ignore
        const b = this.buttons;
        this.bar = editor.toolbar(
            b.undo, b.redo, gap(), ...TOOLS.map((name) => b[name]), this.modeSelect, gap(), b.translate, b.rotate, b.scale, gap(),
            b.orbit, b.fly, gap(), h("label", {}, h("span", { class: "wide" }, text("points")), this.sizeInput), gap(), b.before, this.fileInput, this.maskInput,
        ); // prettier-ignore
    }

    show() {
        const { editor, buttons } = this;
        buttons.undo.disabled = !editor.done.length;
        buttons.redo.disabled = !editor.undone.length;
        for (const name of TOOLS) buttons[name].setAttribute("aria-pressed", editor.tool === name);
        for (const mode of ["orbit", "fly"]) buttons[mode].setAttribute("aria-pressed", editor.viewer.navigation.mode === mode);
        buttons.before.setAttribute("aria-pressed", editor.before);
        buttons.view_frame.setAttribute("aria-pressed", editor.frame !== null);
        buttons.front.setAttribute("aria-pressed", !editor.through);
        buttons.through.setAttribute("aria-pressed", editor.through);
        buttons.view_frame.disabled = !editor.facts;
        this.modeSelect.value = editor.mode;
    }

    showGizmo() {
        const { gizmo } = this.editor;
        for (const mode of ["translate", "rotate", "scale"]) {
            const button = this.buttons[mode];
            button.disabled = !gizmo.modes.includes(mode);
            button.setAttribute("aria-pressed", gizmo.mode === mode && !button.disabled);
        }
    }
}

export class CloudSide {
    /** @param {import("./cloud_editor.mjs").CloudEditor} editor */
    constructor(editor) {
        this.editor = editor;
        this.fields = {};
        this.groups = {};
        this.memoryText = h("small", { title: text("held_title") });
        this.element = h(
            "div",
            { class: "side" },
            group("edits", editor.listed.rows, this.memoryText),
            this.buildCurrent(),
            this.buildSelection(),
            this.buildApply(),
            this.buildProjection(),
        );
    }

    number(name, options, change) {
        return (this.fields[name] = numberField({ label: text(`field_${name}`), name, change, ...options })).row;
    }

    vector(name, options, change) {
        const read = () => this.fields[name].map((field) => Number(field.input.value));
        this.fields[name] = ["x", "y", "z"].map((axis) => numberField({ label: axis, name: `${name}_${axis}`, change: () => change(read()), ...options }));
        return (this.groups[name] = h(
            "div",
            {},
            h("div", {}, text(`field_${name}`)),
            h(
                "div",
                { class: "vector" },
                this.fields[name].map((field) => field.row),
            ),
        ));
    }

    buildSelection() {
        const { editor } = this;
        const { buttons } = editor.tools;
        const part = (name) => (value) => editor.selecting.setPart({ [name]: value });
        this.countText = h("output", { name: "selected" });
        this.awayText = h("output", { name: "away" });
        return group("selection", this.countText,
            h("div", { class: "row" }, buttons.select_all, buttons.select_invert, buttons.select_clear, buttons.front, buttons.through),
            h("div", { class: "row" }, buttons.hide, buttons.lock, buttons.show_all, buttons.unlock_all), this.awayText,
            h("div", { class: "row" }, buttons.mask_picture), this.number("brush", { min: SMALL, digits: 5 }, (value) => (editor.brush = value)),
            this.vector("center", {}, part("center")), this.vector("size", { min: SMALL }, part("size")),
            this.vector("rotation", { step: 1, digits: 3 }, part("rotation")), this.number("radius", { min: SMALL }, part("radius")),
            this.number("gap", { min: SMALL, digits: 5 }, (value) => {
                editor.gap = value;
                if (editor.parts.at(-1)?.shape.shape === "cluster") editor.selecting.setPart({ distance: value });
            }),
            this.number("thickness", { min: SMALL, digits: 5 }, part("distance")), this.number("tolerance", { min: 0, max: 1 }, part("tolerance")),
        ); // prettier-ignore
    }

    buildApply() {
        const { edits, tools } = this.editor;
        const b = tools.buttons;
        this.colorInput = h("input", {
            type: "color",
            name: "color",
            "aria-label": text("field_color"),
            onchange: () => edits.setPaint({ color: this.colorInput.value }),
        });
        this.fields.mode = choiceField({
            label: text("field_mode"),
            name: "mode",
            options: ["tint", "solid"].map((o) => [o, text(`option_${o}`)]),
            change: (mode) => edits.setPaint({ mode }),
        });
        return group("apply", h("div", { class: "row" }, b.act_remove, b.act_transform, b.act_duplicate),
            h("div", { class: "row paint" }, b.act_recolor, this.colorInput), this.fields.mode.row,
            this.number("strength", { min: 0, max: 1, step: 0.05 }, (strength) => edits.setPaint({ strength })),
            h("div", { class: "row" }, b.act_insert, b.act_connected),
            h("div", { class: "row" }, TIDY.map((shape) => b[`tidy_${shape}`])),
        ); // prettier-ignore
    }

    buildCurrent() {
        const { edits } = this.editor;
        const edit = (name) => (value) => edits.setEdit({ [name]: value });
        this.currentTitle = h("legend", {});
        const fills = FILLS.map((name) => [name, text(`option_${name}`)]);
        // Without "fill" in the edit the hole is left to the network.
        const change = (fill) => edits.setEdit({ fill: fill === FILLS[0] ? undefined : fill });
        this.fields.fill = choiceField({ label: text("field_fill"), name: "fill", options: fills, change });
        return (this.groups.current = h("fieldset", { class: "current", hidden: true }, this.currentTitle, this.vector("move", {}, edit("move")),
            this.vector("rotate", { step: 1, digits: 3 }, edit("rotate")), this.vector("scale", { min: 1e-3, step: 0.05 }, edit("scale")), this.vector("offset", {}, edit("offset")),
            this.fields.fill.row, ...this.buildNodeFields(), this.number("copies", { min: 1, max: 100, step: 1, digits: 0 }, (value) => edits.setEdit({ copies: Math.round(value) })),
        )); // prettier-ignore
    }

    /** Values of what the node alone selects, or fits. */
    buildNodeFields() {
        const { edits } = this.editor;
        const set = (name) => (value) => {
            const { shape } = nodePart(this.editor.list[this.editor.current].select);
            return edits.setNodePart({ [Object.entries(NODE_SHAPES[shape]).find(([, field]) => field === name)[0]]: value });
        };
        return [
            this.number("reach", { min: SMALL, digits: 5 }, set("reach")),
            this.number("neighbours", { min: 1, max: 1000, step: 1, digits: 0 }, (value) => set("neighbours")(Math.round(value))),
            this.number("deviations", { min: 0.01, max: 1000, step: 0.1 }, set("deviations")),
            // Without "register" in the edit the inserted points stay where they are put.
            this.number("register", { min: 0, digits: 5 }, (value) => edits.setEdit({ register: value || undefined })),
        ];
    }

    buildProjection() {
        const { editor } = this;
        editor.preview = h("canvas");
        this.bare = h("canvas", { "aria-label": text("unfilled"), title: text("unfilled") });
        editor.previewText = h("div");
        this.frameInput = h("input", { type: "range", name: "preview_frame", min: 0, max: 0, step: 1, "aria-label": text("field_view_frame"), oninput: () => {
            editor.previewFrame = Number(this.frameInput.value);
            if (editor.frame !== null) editor.setFrame(editor.previewFrame);
            editor.showPreview();
        } }); // prettier-ignore
        const frame = h("label", { class: "field" }, h("span", {}, text("field_view_frame")), this.frameInput);
        return group(
            "projection",
            h("div", { class: "preview" }, editor.preview, this.bare),
            frame,
            h("div", { class: "row" }, editor.tools.buttons.view_frame),
            editor.previewText,
        );
    }

    show() {
        const { editor } = this;
        this.frameInput.max = (editor.facts?.cameras.length ?? 1) - 1;
        this.frameInput.value = editor.previewFrame;
        this.frameInput.disabled = !editor.facts;
        const [worker, view] = [editor.result?.bytes ?? 0, editor.viewer.bytes].map((bytes) => Math.ceil(bytes / 1e6));
        this.bare.hidden = !editor.filling;
        this.memoryText.textContent = worker ? text("held", { worker, view }) : "";
        this.showSelection();
        this.showCurrent();
    }

    showSelection() {
        const { fields } = this;
        const shape = this.editor.parts.at(-1)?.shape;
        const count = this.editor.parts.length ? this.editor.result?.selected?.count : null;
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
        shows("brush", this.editor.tool === "brush" ? this.editor.brush : undefined);
        this.editor.tools.buttons.mask_picture.hidden = this.editor.tool !== "object";
        this.editor.tools.buttons.mask_picture.disabled = !this.editor.facts;
        this.showAway(count);
        shows("gap", shape?.shape === "cluster" || (this.editor.tool === "cluster" && !shape) ? (shape?.distance ?? this.editor.gap) : undefined);
        shows("thickness", shape?.shape === "plane" ? shape.distance : undefined);
        shows("tolerance", shape?.shape === "color" ? shape.tolerance : undefined);
        const ready = this.editor.editable && Boolean(count);
        for (const name of ["act_remove", "act_recolor", "act_transform", "act_duplicate"]) this.editor.tools.buttons[name].disabled = !ready;
        for (const name of TIDY) this.editor.tools.buttons[`tidy_${name}`].disabled = !this.editor.editable || !this.editor.gap;
        this.editor.tools.buttons.act_insert.disabled = !this.editor.editable;
        this.editor.tools.buttons.act_connected.disabled = !this.editor.editable;
        this.editor.tools.buttons.act_connected.hidden = !isLinked(this.editor.node, "point_cloud");
        for (const name of ["select_invert", "select_clear"]) this.editor.tools.buttons[name].disabled = !this.editor.parts.length;
        this.editor.tools.buttons.select_all.disabled = !this.editor.facts;
        this.colorInput.value = this.editor.paint.color;
        fields.mode.show(this.editor.paint.mode);
        fields.strength.show(this.editor.paint.strength);
    }

    showAway(count) {
        const { editor, awayText } = this;
        const { hidden = 0, locked = 0 } = editor.result ?? {};
        awayText.textContent = editor.taken.length ? text("away", { hidden, locked }) : "";
        Object.assign(awayText.dataset, { hidden, locked });
        for (const name of ["hide", "lock"]) editor.tools.buttons[name].disabled = !count;
        editor.tools.buttons.show_all.disabled = !editor.taken.some((entry) => entry.hidden);
        editor.tools.buttons.unlock_all.disabled = !editor.taken.some((entry) => !entry.hidden);
    }

    showCurrent() {
        const edit = this.editor.focus === "edit" ? this.editor.list[this.editor.current] : null;
        const moves = edit?.do === "transform" || edit?.do === "merge";
        const scale = edit?.scale ?? 1;
        const values = {
            move: moves ? (edit.move ?? [0, 0, 0]) : null,
            rotate: moves ? (edit.rotate ?? [0, 0, 0]) : null,
            scale: moves ? (Array.isArray(scale) ? scale : [scale, scale, scale]) : null,
            offset: edit?.do === "duplicate" ? edit.offset : null,
        };
        const part = edit?.do === "merge" ? null : nodePart(edit?.select);
        const asked = Object.fromEntries(Object.entries(NODE_SHAPES[part?.shape] ?? {}).map(([key, field]) => [field, part[key]]));
        if (edit?.do === "merge") asked.register = edit.register ?? 0;
        for (const name of ["reach", "neighbours", "deviations", "register"]) {
            this.fields[name].row.hidden = asked[name] === undefined;
            this.fields[name].show(asked[name]);
            this.fields[name].enable(this.editor.editable);
        }
        this.groups.current.hidden = !edit || (edit.do === "recolor" && !part);
        this.fields.fill.row.hidden = edit?.do !== "remove";
        this.fields.fill.show(edit?.fill ?? FILLS[0]);
        this.fields.fill.enable(this.editor.editable);
        this.currentTitle.textContent = text("group_current", { number: this.editor.current + 1 });
        for (const [name, vector] of Object.entries(values)) {
            this.groups[name].hidden = !vector;
            for (const [axis, field] of this.fields[name].entries()) {
                field.show(vector?.[axis]);
                field.enable(this.editor.editable);
            }
        }
        this.fields.copies.row.hidden = edit?.do !== "duplicate";
        this.fields.copies.show(edit?.copies ?? 1);
        this.fields.copies.enable(this.editor.editable);
    }
}

const group = (name, ...children) => h("fieldset", { class: name }, h("legend", {}, text(`group_${name}`)), ...children);
