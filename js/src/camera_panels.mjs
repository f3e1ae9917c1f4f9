// The camera editor's tools and the fields beside its view: what they are, and what they show of the editor's state.
import { ACCEPTED, FORMATS } from "./camera_files.mjs";
import { fovOf } from "./conventions.mjs";
import { choiceField, h, numberField } from "./dom.mjs";
import { gap, toolButton } from "./editor.mjs";
import { widgetOf } from "./host.mjs";
import { distance, invertPose, position } from "./matrix.mjs";
import { EASINGS, PRESETS, keyframeFov } from "./path.mjs";
import { text } from "./texts.mjs";

const PRESET_FIELDS = {
    pan: ["angle"], tilt: ["angle"], roll: ["angle"], orbit: ["angle"],
    dolly: ["distance"], truck: ["distance"], pedestal: ["distance"], dolly_zoom: ["distance"], full_loop: ["distance"],
    spiral: ["distance", "turns"], out_and_back: ["base_motion", "angle", "distance"],
}; // prettier-ignore
const HOLD_FRAMES = 24;

export class CameraTools {
    /** @param {import("./camera_editor.mjs").CameraEditor} editor */
    constructor(editor) {
        this.editor = editor;
        const { keyframes, files } = editor;
        this.fileInput = h("input", { type: "file", accept: ACCEPTED, multiple: true, hidden: true, onchange: () => {
            files.read(this.fileInput.files);
            this.fileInput.value = "";
        } }); // prettier-ignore
        this.exportSelect = h("select", { name: "export", "aria-label": text("export"), onchange: () => {
            files.write(this.exportSelect.value);
            this.exportSelect.value = "";
        } }, h("option", { value: "" }, text("export")), FORMATS.map((format) => h("option", { value: format }, format))); // prettier-ignore
        this.buttons = {
            undo: toolButton("undo", () => editor.undo(), { label: "↶" }),
            redo: toolButton("redo", () => editor.redo(), { label: "↷" }),
            add: toolButton("add", () => keyframes.add()),
            from_view: toolButton("from_view", () => keyframes.addFromView()),
            remove: toolButton("remove", () => keyframes.remove()),
            copy: toolButton("copy", () => keyframes.copy()),
            paste: toolButton("paste", () => keyframes.paste()),
            level: toolButton("level", () => keyframes.level()),
            record: toolButton("record", () => editor.recorder.toggle(), { title: text("record_title") }),
            translate: toolButton("translate", () => editor.setGizmo("translate")),
            rotate: toolButton("rotate", () => editor.setGizmo("rotate")),
            orbit: toolButton("orbit", () => editor.setNavigation("orbit")),
            fly: toolButton("fly", () => editor.setNavigation("fly")),
            import: toolButton("import", () => this.fileInput.click()),
        };
        this.views = Object.fromEntries(["free", "camera", "projection"].map((view) => [view, toolButton(`view_${view}`, () => editor.setView(view))]));
        const b = this.buttons;
        this.bar = editor.toolbar(
            b.undo, b.redo, gap(), b.add, b.from_view, b.remove, gap(), b.record, gap(), b.translate, b.rotate, gap(),
            b.orbit, b.fly, gap(), ...Object.values(this.views),
        ); // prettier-ignore
    }

    show() {
        const { editor, buttons } = this;
        const closed = !editor.editable || Boolean(editor.problem);
        buttons.undo.disabled = !editor.done.length;
        buttons.redo.disabled = !editor.undone.length;
        buttons.add.disabled = buttons.record.disabled = closed;
        buttons.remove.disabled = !editor.movable.length;
        buttons.copy.disabled = !editor.editing;
        buttons.paste.disabled = !editor.editable;
        buttons.level.disabled = !editor.editing || !editor.viewer.cloud;
        buttons.import.disabled = !editor.editable;
        buttons.record.setAttribute("aria-pressed", editor.recorder.recording);
        for (const mode of ["translate", "rotate"]) buttons[mode].setAttribute("aria-pressed", editor.gizmo.mode === mode);
        for (const mode of ["orbit", "fly"]) buttons[mode].setAttribute("aria-pressed", editor.viewer.navigation.mode === mode);
        for (const [name, button] of Object.entries(this.views)) button.setAttribute("aria-pressed", name === editor.view);
    }
}

export class CameraSide {
    /** @param {import("./camera_editor.mjs").CameraEditor} editor */
    constructor(editor) {
        this.editor = editor;
        const { keyframes } = editor;
        this.fields = this.buildFields();
        this.toKeyframes = h(
            "button",
            { type: "button", name: "to_keyframes", onclick: () => editor.change((state) => keyframes.fromPreset(state)) },
            text("to_keyframes"),
        );
        this.holdFrames = h("input", {
            type: "number",
            name: "hold_frames",
            min: 2,
            max: 1000,
            step: 1,
            value: HOLD_FRAMES,
            "aria-label": text("hold_frames"),
            title: text("hold_frames"),
        });
        this.buttons = {
            look_at: toolButton("look_at", () => editor.gizmo.setPicking(!editor.gizmo.picking), { title: text("look_at_title") }),
            return_here: toolButton("return_here", () => keyframes.returnHere(), { title: text("return_here_title") }),
            even_speed: toolButton("even_speed", () => keyframes.evenSpeed(), { title: text("even_speed_title") }),
            hold: toolButton("hold", () => this.holdFrames.reportValidity() && keyframes.hold(Math.round(Number(this.holdFrames.value))), {
                title: text("hold_title"),
            }),
        };
        editor.preview = h("canvas", { title: text("preview_title"), onclick: () => editor.setView(editor.view === "projection" ? "free" : "projection") });
        editor.previewText = h("div");
        this.warnings = h("div", { class: "warnings", role: "status" });
        const [f, b, t] = [this.fields, this.buttons, editor.tools];
        const group = (name, ...children) => h("fieldset", { class: name }, h("legend", {}, text(`group_${name}`)), ...children);
        this.element = h("div", { class: "side" },
            group("path", f.preset.row, f.angle.row, f.distance.row, f.turns.row, f.base_motion.row, f.easing.row, this.toKeyframes, f.frames.row, f.close_loop.row, f.units.row, f.reach.row,
                h("div", { class: "row" }, b.even_speed, b.return_here, h("span", { class: "hold" }, b.hold, this.holdFrames)),
                h("div", { class: "row" }, t.buttons.import, t.exportSelect, t.fileInput)),
            group("keyframe", f.frame.row, f.right.row, f.up.row, f.forward.row, f.yaw.row, f.pitch.row, f.roll.row, f.fov.row, f.key_easing.row,
                h("div", { class: "row" }, b.look_at, t.buttons.level, t.buttons.copy, t.buttons.paste)),
            group("preview", editor.preview, editor.previewText),
            group("warnings", this.warnings),
        ); // prettier-ignore
    }

    buildFields() {
        const { editor } = this;
        const { keyframes, node } = editor;
        const setting = (name) => (value) => editor.change((state) => (state[name] = value));
        const number = (name, options, change) =>
            numberField({ label: text(`field_${name}`), name, change: change ?? ((value) => keyframes.set({ [name]: value })), ...options });
        const listed = (name) => widgetOf(node, name)?.options?.values ?? [];
        const choice = (name, options, change) =>
            choiceField({ label: text(`field_${name}`), name, options: options.map((o) => [o, text(`option_${o}`)]), change });
        const presets = listed("preset").length ? listed("preset") : [...PRESETS, "keyframes"];
        return {
            preset: choice("preset", presets, (value) => editor.change((state) => {
                if (value === "keyframes") keyframes.fromPreset(state);
                else state.preset = value;
            })),
            angle: number("angle", { step: 1, digits: 3 }, setting("angle")),
            distance: number("distance", {}, setting("distance")),
            turns: number("turns", { step: 0.25 }, setting("turns")),
            base_motion: choice("base_motion", listed("base_motion"), setting("base_motion")),
            easing: choice("easing", listed("easing"), setting("easing")),
            frames: number("frames", { step: 1, min: 2, max: 10000 }, (value) => keyframes.setFrames(Math.round(value))),
            close_loop: choice("close_loop", listed("close_loop"), (value) => keyframes.setLoop(value)),
            units: choice("units", ["depth", "scene"], (value) => keyframes.setUnits(value)),
            reach: number("reach", { min: 0 }, (value) => value > 0 && keyframes.setReach(value, this.reach)),
            frame: number("frame", { step: 1, min: 1, digits: 0 }, (value) => keyframes.retime(editor.selected, Math.round(value), true)),
            right: number("right"), up: number("up"), forward: number("forward"),
            yaw: number("yaw", { step: 1 }), pitch: number("pitch", { step: 1 }), roll: number("roll", { step: 1 }),
            fov: number("fov", { step: 1, min: 1, max: 179 }, (fov) => keyframes.set({ zoom: 1, fov: Math.abs(fov - fovOf(editor.start.intrinsics[0])) < 1e-4 ? null : fov })),
            key_easing: choice("key_easing", EASINGS, (easing) => keyframes.set({ easing })),
        }; // prettier-ignore
    }

    show() {
        const { editor, fields } = this;
        const { state, editing, editable } = editor;
        const key = editing ? state.keyframes[editor.selected] : null;
        for (const name of ["frames", "close_loop", "preset", "angle", "distance", "easing", "base_motion", "turns"]) {
            fields[name].show(state[name]);
            fields[name].enable(!editor.linked.includes(name) && (name !== "preset" || editable));
        }
        const shown = PRESET_FIELDS[state.preset] ?? [];
        for (const name of ["angle", "distance", "base_motion", "turns"]) fields[name].row.hidden = !shown.includes(name);
        fields.easing.row.hidden = ["keyframes", "static"].includes(state.preset);
        this.toKeyframes.hidden = state.preset === "keyframes" || !editable;
        fields.units.show(state.units);
        fields.units.enable(editing);
        const places = editor.path.map(({ w2c }) => position(invertPose(w2c)));
        this.reach = Math.max(0, ...places.map((place) => distance(place, places[0])));
        fields.reach.show(this.reach);
        fields.reach.enable(editing && this.reach > 0);
        this.showKeyframe(key, editing && editor.selected > 0);
        for (const name of ["return_here", "hold"]) this.buttons[name].disabled = !editable || Boolean(editor.problem);
        this.buttons.even_speed.disabled = !editing;
        this.buttons.look_at.disabled = !editor.movable.length || !editor.viewer.cloud;
        this.buttons.look_at.setAttribute("aria-pressed", Boolean(editor.gizmo.picking));
    }

    showKeyframe(key, movable) {
        const { fields, editor } = this;
        for (const name of ["frame", "right", "up", "forward", "yaw", "pitch", "roll"]) {
            fields[name].show(key?.[name]);
            fields[name].enable(movable);
        }
        fields.fov.show(key ? keyframeFov(key, editor.start) : null);
        fields.fov.enable(movable);
        fields.key_easing.show(key?.easing ?? "linear");
        fields.key_easing.enable(movable);
    }

    showWarnings(warnings) {
        const button = (warning) => h("button", { type: "button", onclick: () => this.editor.goTo(warning.from) }, describeWarning(warning));
        this.warnings.replaceChildren(...warnings.map(button));
        if (!warnings.length) this.warnings.append(text("no_warning"));
    }
}

/** What a warning of preflight.mjs says. */
export const describeWarning = ({ kind, from, to }) => text(`warn_${kind}`, { range: from === to ? from : `${from} – ${to}` });
