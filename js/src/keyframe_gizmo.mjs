// Keyframes in the 3-D view: their dots are clicked and dragged, the selected one is moved and turned by a gizmo, and a
// point of the cloud is picked for them to look at.
import { TransformControls } from "three/addons/controls/TransformControls.js";
import { axis, dot, invertPose, position, subtract } from "./matrix.mjs";
import { h } from "./dom.mjs";
import { Handle } from "./path_scene.mjs";
import { nearestPose, standNear } from "./snapping.mjs";
import { text } from "./texts.mjs";

const GRAB = 12; // pixels from a keyframe's dot

export class KeyframeGizmo {
    /** @param {import("./camera_editor.mjs").CameraEditor} editor */
    constructor(editor) {
        this.editor = editor;
        this.viewer = editor.viewer;
        this.handle = new Handle();
        this.viewer.world.add(this.handle);
        this.controls = new TransformControls(this.viewer.camera, this.viewer.canvas);
        this.controls.setSize(0.8);
        this.viewer.scene.add(this.controls.getHelper());
        this.name = h("div", { class: "snap", hidden: true });
        editor.stage.append(this.name);
        this.connect();
    }

    get mode() {
        return this.controls.mode;
    }

    setMode(mode) {
        this.controls.setMode(mode);
        this.controls.setSpace(mode === "rotate" ? "local" : "world");
        this.viewer.invalidate();
    }

    /** Stands at the selected keyframe, where it may be moved; a drag under way goes on. */
    place() {
        const { keys, selected, view } = this.editor;
        // The gizmo's own picking expects a free camera; a dot that is dragged by itself needs none.
        if (!this.dragged) this.controls.enabled = view === "free";
        const camera = keys[selected];
        if (!camera || selected === 0 || view !== "free") return this.controls.detach();
        if (!this.controls.dragging) this.handle.c2w = invertPose(camera.w2c);
        if (this.controls.object !== this.handle) this.controls.attach(this.handle);
    }

    connect() {
        const { controls } = this;
        const { canvas } = this.viewer;
        controls.addEventListener("change", () => this.viewer.invalidate());
        controls.addEventListener("dragging-changed", ({ value }) => {
            this.viewer.navigation.enabled = !value;
            if (value) return this.take();
            this.move(this.handle.c2w, true);
            this.showSnap(null);
        });
        controls.addEventListener("objectChange", () => this.move(this.handle.c2w, false));
        canvas.addEventListener("pointermove", (event) => (this.free = event.altKey), { capture: true });
        canvas.addEventListener("pointerdown", (event) => this.press(event), { capture: true });
        canvas.addEventListener("pointermove", (event) => this.drag(event));
        canvas.addEventListener("pointerup", () => this.release());
        canvas.addEventListener("pointercancel", () => this.release());
    }

    press(event) {
        const { editor, viewer } = this;
        if (event.button !== 0 || editor.view !== "free") return;
        if (this.picking) {
            event.stopImmediatePropagation();
            return this.pick(event);
        }
        if (this.controls.axis) return;
        const index = this.keyAt(event);
        if (index < 0) return;
        // Held at the depth it has: dragged in the plane that faces the viewer.
        viewer.navigation.enabled = false;
        this.controls.enabled = false;
        viewer.canvas.setPointerCapture(event.pointerId);
        editor.select(index, { extend: event.shiftKey, keep: editor.chosen.includes(index) });
        this.take();
        if (editor.selected === index) this.dragged = { index, at: position(invertPose(editor.keys[index].w2c)), moved: false, alone: !event.shiftKey };
    }

    drag(event) {
        if (!this.dragged?.index) return;
        const forward = axis(this.viewer.pose(), 2);
        const { origin, direction } = this.viewer.ray(event);
        const reach = dot(subtract(this.dragged.at, origin), forward) / dot(direction, forward);
        const c2w = [...this.taken.c2w];
        [c2w[3], c2w[7], c2w[11]] = origin.map((v, i) => v + reach * direction[i]);
        this.dragged.moved = true;
        this.move(c2w, false);
    }

    /** A drag of the selected keyframe begins: its pose and lens are those that it has again wherever it is on no other's. */
    take() {
        const { editor } = this;
        const { zoom, fov } = editor.state.keyframes[editor.selected];
        this.taken = { c2w: invertPose(editor.keys[editor.selected].w2c), lens: { zoom, fov }, turning: this.controls.dragging && this.mode === "rotate" };
        this.candidates = this.earlierPoses();
        // Where it stands already it is only moved onto after it was away: a touch must not change it.
        const beside = this.taken.turning ? [] : this.candidates.filter(({ camera }) => this.near(camera, editor.keys[editor.selected]));
        this.beside = new Set(beside);
    }

    /** Poses onto which the selected keyframe snaps: of earlier keyframes that stay, and of the memory's frames. */
    earlierPoses() {
        const { state, keys, selected, movable, reported, facts } = this.editor;
        const earlier = keys.map((camera, index) => ({ camera, index, key: state.keyframes[index] }));
        const stay = earlier.filter(({ index }) => index < selected && !movable.includes(index));
        const known = reported ? (facts.memory ?? []) : [];
        return [
            ...stay.map(({ camera, key }) => ({ camera, key: { ...key }, name: text("snap_keyframe", { frame: key.frame }) })),
            ...known.map((camera) => ({ camera, name: text("snap_memory", { frame: camera.frame }) })),
        ];
    }

    /** Moves the selected keyframe to a pose, or onto an earlier one that is near, unless Alt is held. */
    move(c2w, settled) {
        const { editor } = this;
        const moved = { w2c: invertPose(c2w), intrinsics: editor.keys[editor.selected].intrinsics };
        const options = { reach: editor.reach, turning: this.taken.turning };
        for (const one of this.beside) if (!this.near(one.camera, moved)) this.beside.delete(one);
        const open = this.candidates.filter((one) => !this.beside.has(one));
        const onto = this.free ? null : nearestPose(open, moved, (point) => this.viewer.toScreen(point), options);
        const goal = onto ? invertPose(onto.camera.w2c) : c2w;
        editor.keyframes.setPose(goal, { settled, lens: this.taken.lens, onto });
        this.showSnap(onto);
    }

    near(a, b) {
        return standNear(a, b, (point) => this.viewer.toScreen(point));
    }

    /** Marks and names the pose that the dragged keyframe is on. */
    showSnap(onto) {
        const held = this.controls.dragging || this.dragged;
        this.editor.scene.showSnapping(held ? this.candidates : [], held ? onto : null, this.editor.reach);
        const at = held && onto && this.viewer.toScreen(position(invertPose(onto.camera.w2c)));
        this.name.hidden = !at;
        if (!at) return;
        this.name.textContent = text("snapped", { name: onto.name });
        Object.assign(this.name.style, { left: `${at[0] + 14}px`, top: `${at[1] - 30}px` });
    }

    release() {
        const { dragged } = this;
        this.dragged = null;
        this.controls.enabled = this.editor.view === "free";
        if (!this.controls.dragging) this.viewer.navigation.enabled = this.editor.view === "free";
        if (dragged?.moved) {
            this.editor.change(() => {});
            this.showSnap(null);
        }
        // A click on one of several selects that one.
        else if (dragged?.alone && this.editor.chosen.length > 1) this.editor.select(dragged.index);
    }

    /** Index of the keyframe whose dot is under the mouse, -1 for none. */
    keyAt(event) {
        const box = this.viewer.canvas.getBoundingClientRect();
        const far = this.editor.keys.map((camera, index) => {
            const at = this.viewer.toScreen(position(invertPose(camera.w2c)));
            return { index, far: at ? Math.hypot(at[0] - event.clientX + box.left, at[1] - event.clientY + box.top) : Infinity };
        });
        const nearest = far.sort((a, b) => a.far - b.far || b.index - a.index)[0];
        return nearest && nearest.far < GRAB ? nearest.index : -1;
    }

    /** The next click in the view names the point of the cloud that the selected keyframes are to look at. */
    setPicking(flag) {
        this.picking = flag;
        this.viewer.canvas.style.cursor = flag ? "crosshair" : "";
        if (flag && this.editor.view !== "free") this.editor.setView("free");
        else this.editor.refresh();
    }

    async pick(event) {
        const { editor, viewer } = this;
        this.setPicking(false);
        const { left, top, width, height } = viewer.canvas.getBoundingClientRect();
        const camera = viewer.imageCameraOf(width, height);
        const { point } = await editor.analyst.ask("pick", { camera, width, height, u: event.clientX - left, v: event.clientY - top });
        if (editor.ended) return;
        if (point) editor.keyframes.lookAt(point.at);
        else editor.say(text("nothing_there"));
    }

    dispose() {
        this.controls.detach();
        this.controls.dispose();
        this.name.remove();
    }
}
