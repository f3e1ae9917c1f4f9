// What the mouse holds in the cloud editor: a frame that three's TransformControls moves, turns and scales, and the outline
// of what it stands for. The frame is that of an edit or of a selection, both in world axes (OpenCV).
import * as THREE from "three";
import { TransformControls } from "three/addons/controls/TransformControls.js";
import { pivotOf, scaleOf } from "./edit_cloud.mjs";
import { neatAll } from "./edit_list.mjs";

const COLORS = { selection: 0xf5b301, edit: 0x4a90e2 };
const SMALLEST = 1e-3; // scale: a drag through the middle must not turn things inside out

export class EditGizmo {
    /** @param {import("./viewer.mjs").Viewer} viewer @param {(values: object, done: boolean) => void} moved */
    constructor(viewer, moved) {
        this.viewer = viewer;
        this.moved = moved;
        this.handle = new THREE.Object3D();
        this.outlines = { box: boxOutline(), sphere: sphereOutline() };
        this.handle.add(...Object.values(this.outlines));
        viewer.world.add(this.handle);
        this.controls = new TransformControls(viewer.camera, viewer.canvas);
        this.controls.setSize(0.8);
        viewer.scene.add(this.controls.getHelper());
        this.controls.addEventListener("change", () => viewer.invalidate());
        this.controls.addEventListener("objectChange", () => this.report(false));
        this.controls.addEventListener("dragging-changed", ({ value }) => {
            viewer.navigation.enabled = !value && !viewer.through;
            if (!value) this.report(true);
        });
        this.show(null);
    }

    /** Whether the mouse is over the gizmo, so that it and nothing else is meant. */
    get held() {
        return this.controls.enabled && this.controls.object && (this.controls.axis !== null || this.controls.dragging);
    }

    get modes() {
        return this.target?.modes ?? [];
    }

    get mode() {
        return this.controls.mode;
    }

    setMode(mode) {
        if (!this.modes.includes(mode)) return;
        this.controls.setMode(mode);
        this.controls.setSpace(mode === "translate" ? "world" : "local");
        this.viewer.invalidate();
    }

    /** Stands for a target of `editTarget` or `selectionTarget`; null for none. A drag under way goes on. */
    show(target) {
        this.target = target;
        this.handle.visible = Boolean(target);
        if (!target) this.controls.detach();
        else {
            if (!this.controls.dragging) {
                this.handle.position.fromArray(target.position);
                this.handle.quaternion.setFromEuler(eulerOf(target.rotate));
                this.handle.scale.fromArray(target.scale);
            }
            for (const [name, outline] of Object.entries(this.outlines)) {
                outline.visible = name === target.outline.kind;
                outline.material.color.set(COLORS[target.of]);
                outline.position.fromArray(target.outline.position);
                outline.scale.fromArray(target.outline.scale);
            }
            if (!target.modes.includes(this.controls.mode)) this.setMode(target.modes[0]);
            if (this.controls.object !== this.handle) this.controls.attach(this.handle);
        }
        this.viewer.invalidate();
    }

    report(done) {
        if (!this.target) return;
        const { position, quaternion, scale } = this.handle;
        const turned = new THREE.Euler().setFromQuaternion(quaternion, "ZYX");
        const rotate = [turned.x, turned.y, turned.z].map((v) => (v * 180) / Math.PI);
        const sizes = scale.toArray().map((v) => Math.max(SMALLEST, Math.abs(v)));
        this.moved(this.target.values({ position: position.toArray(), rotate, scale: sizes }), done);
    }

    dispose() {
        this.controls.detach();
        this.controls.dispose();
    }
}

/** What is held of an edit that moves points; bounds: of these points before it. Null where there is nothing to hold. */
export function editTarget(edit, bounds) {
    if (!bounds) return null;
    const middle = pivotOf({}, bounds);
    const extent = bounds.high.map((v, axis) => Math.max(v - bounds.low[axis], 1e-6));
    if (edit.do === "duplicate") {
        return {
            of: "edit", modes: ["translate"], position: middle.map((v, axis) => v + edit.offset[axis]), rotate: [0, 0, 0], scale: [1, 1, 1],
            outline: { kind: "box", position: [0, 0, 0], scale: extent },
            values: ({ position }) => ({ offset: neatAll(position.map((v, axis) => v - middle[axis])) }),
        }; // prettier-ignore
    }
    if (edit.do !== "transform" && edit.do !== "merge") return null;
    const pivot = pivotOf(edit, bounds);
    const shift = edit.move ?? [0, 0, 0];
    return {
        of: "edit", modes: ["translate", "rotate", "scale"], position: pivot.map((v, axis) => v + shift[axis]), rotate: edit.rotate ?? [0, 0, 0],
        scale: scaleOf(edit), outline: { kind: "box", position: middle.map((v, axis) => v - pivot[axis]), scale: extent },
        values: ({ position, rotate, scale }) => ({
            move: neatAll(position.map((v, axis) => v - pivot[axis])), rotate: neatAll(rotate), scale: neatAll(scale),
        }),
    }; // prettier-ignore
}

/** What is held of a box or sphere that selects; null for other shapes. */
export function selectionTarget(shape) {
    const outline = { kind: shape.shape, position: [0, 0, 0], scale: [1, 1, 1] };
    if (shape.shape === "box") {
        return {
            of: "selection", modes: ["translate", "rotate", "scale"], position: shape.center, rotate: shape.rotation ?? [0, 0, 0], scale: shape.size, outline,
            values: ({ position, rotate, scale }) => ({ center: neatAll(position), rotation: neatAll(rotate), size: neatAll(scale) }),
        }; // prettier-ignore
    }
    if (shape.shape !== "sphere") return null;
    const r = shape.radius;
    return {
        of: "selection", modes: ["translate", "scale"], position: shape.center, rotate: [0, 0, 0], scale: [r, r, r], outline,
        values({ position, scale }) {
            // One axis is dragged and the sphere stays round: the axis that is unlike the others counts.
            const middle = [...scale].sort((a, b) => a - b)[1];
            const radius = scale.reduce((most, v) => (Math.abs(v - middle) > Math.abs(most - middle) ? v : most), middle);
            return { center: neatAll(position), radius: neatAll([radius])[0] };
        },
    }; // prettier-ignore
}

function outlined(points) {
    const geometry = new THREE.BufferGeometry();
    geometry.setAttribute("position", new THREE.Float32BufferAttribute(points, 3));
    const lines = new THREE.LineSegments(geometry, new THREE.LineBasicMaterial());
    // Seen through the points: what is inside is what counts.
    lines.material.depthTest = false;
    lines.renderOrder = 2;
    lines.frustumCulled = false;
    return lines;
}

/** Edges of a cube of edge 1. */
function boxOutline() {
    const points = [];
    for (const axis of [0, 1, 2]) {
        for (const a of [-0.5, 0.5]) {
            for (const b of [-0.5, 0.5]) {
                for (const c of [-0.5, 0.5]) {
                    const point = [0, 0, 0];
                    [point[axis], point[(axis + 1) % 3], point[(axis + 2) % 3]] = [c, a, b];
                    points.push(...point);
                }
            }
        }
    }
    return outlined(points);
}

/** Three great circles of radius 1. */
function sphereOutline() {
    const points = [];
    const steps = 48;
    for (const axis of [0, 1, 2]) {
        for (let k = 0; k < 2 * steps; k++) {
            const angle = (2 * Math.PI * Math.ceil(k / 2)) / steps;
            const point = [0, 0, 0];
            [point[(axis + 1) % 3], point[(axis + 2) % 3]] = [Math.cos(angle), Math.sin(angle)];
            points.push(...point);
        }
    }
    return outlined(points);
}

/** Angles in degrees about the world's axes, x first. */
const eulerOf = ([x, y, z]) => new THREE.Euler((x * Math.PI) / 180, (y * Math.PI) / 180, (z * Math.PI) / 180, "ZYX");
