// The path as three.js objects: the curve, a frustum per keyframe, the given image in its frustum, the current camera.
import * as THREE from "three";
import { frustumCorners } from "./frustum.mjs";
import { invertPose, position } from "./matrix.mjs";
import { transposed } from "./conventions.mjs";
import { KNOWN_SHARE } from "./preflight.mjs";

const COLORS = { path: 0x4a90e2, key: 0x4a90e2, selected: 0xf5b301, current: 0xe0533d, start: 0x35a06a, unknown: 0xd9822b, snapped: 0x35d07f };
const WELL_KNOWN = 0.6; // of the picture: from here on the path has its own colour

export class PathScene {
    /** @param {import("./viewer.mjs").Viewer} viewer */
    constructor(viewer) {
        this.viewer = viewer;
        this.group = new THREE.Group();
        viewer.world.add(this.group);
        this.line = this.lines(THREE.Line, 0xffffff);
        this.line.material.vertexColors = true;
        // A bead per frame: a line is one pixel wide, too little to tell its colour by.
        this.beads = this.points(4);
        this.keys = this.lines(THREE.LineSegments, COLORS.key);
        this.selected = this.lines(THREE.LineSegments, COLORS.selected);
        this.current = this.lines(THREE.LineSegments, COLORS.current);
        this.start = this.lines(THREE.LineSegments, COLORS.start);
        this.dots = this.points(9);
        // Poses that a dragged keyframe snaps onto, and the one it is on.
        this.poses = this.points(5);
        this.poses.material.vertexColors = false;
        this.poses.material.color.setHex(COLORS.snapped);
        this.snapped = this.lines(THREE.LineSegments, COLORS.snapped);
        for (const object of [this.poses, this.snapped]) Object.assign(object, { visible: false, renderOrder: 2 }).material.depthTest = false;
        // Above the points, which would hide what is to be grabbed.
        this.dots.material.depthTest = false;
        this.dots.renderOrder = 2;
        const plane = new THREE.BufferGeometry();
        plane.setAttribute("uv", new THREE.Float32BufferAttribute([0, 1, 1, 1, 1, 0, 0, 0], 2));
        plane.setIndex([0, 1, 2, 0, 2, 3]);
        this.image = new THREE.Mesh(plane, new THREE.MeshBasicMaterial({ side: THREE.DoubleSide, transparent: true, opacity: 0.85 }));
        this.image.visible = false;
        this.image.frustumCulled = false;
        this.group.add(this.image);
    }

    lines(Kind, color) {
        const object = new Kind(new THREE.BufferGeometry(), new THREE.LineBasicMaterial({ color }));
        object.frustumCulled = false;
        this.group.add(object);
        return object;
    }

    points(size) {
        const object = new THREE.Points(new THREE.BufferGeometry(), new THREE.PointsMaterial({ size, sizeAttenuation: false, vertexColors: true }));
        object.frustumCulled = false;
        this.group.add(object);
        return object;
    }

    /** keys: cameras of the keyframes; chosen: indices of those selected; reach: scene units, how far a frustum is drawn. */
    show({ path, keys, chosen, frame, start, reach, coverage }) {
        const places = path.map((camera) => position(invertPose(camera.w2c)));
        set(this.line, places);
        set(this.beads, places);
        this.showCoverage(coverage);
        set(
            this.keys,
            keys.filter((_, i) => !chosen.includes(i) && i > 0).flatMap((camera) => outline(camera, reach)),
        );
        set(
            this.selected,
            keys.filter((_, i) => chosen.includes(i)).flatMap((camera) => outline(camera, reach)),
        );
        set(this.current, path[frame] ? outline(path[frame], 0.7 * reach) : []);
        set(this.start, outline(start, 1.4 * reach));
        set(this.dots, keys.map((camera) => position(invertPose(camera.w2c)))); // prettier-ignore
        const colors = keys.flatMap((_, i) => new THREE.Color(chosen.includes(i) ? COLORS.selected : i === 0 ? COLORS.start : COLORS.key).toArray());
        this.dots.geometry.setAttribute("color", new THREE.Float32BufferAttribute(colors, 3));
        this.image.geometry.setAttribute("position", new THREE.Float32BufferAttribute(frustumCorners(start, 1.4 * reach).corners.flat(), 3));
        this.viewer.invalidate();
    }

    /** Marks the poses that a dragged keyframe may snap onto, and the one it is on; none when the drag is over. */
    showSnapping(candidates, snapped, reach) {
        this.poses.visible = candidates.length > 0;
        this.snapped.visible = Boolean(snapped);
        if (candidates.length) set(this.poses, candidates.map(({ camera }) => position(invertPose(camera.w2c)))); // prettier-ignore
        if (snapped) set(this.snapped, outline(snapped.camera, 1.2 * reach));
        this.viewer.invalidate();
    }

    /** Colours the path by how much of each frame is known: amber where it is little, the path's own colour where it is most. */
    showCoverage(coverage) {
        const { count } = this.line.geometry.getAttribute("position");
        const [known, unknown] = [COLORS.path, COLORS.unknown].map((color) => new THREE.Color(color));
        const colors = Array.from({ length: count }, (_, frame) => {
            const share = coverage[frame] === undefined ? 1 : (coverage[frame] - KNOWN_SHARE) / (WELL_KNOWN - KNOWN_SHARE);
            return unknown.clone().lerp(known, Math.max(0, Math.min(1, share))).toArray();
        }).flat(); // prettier-ignore
        for (const object of [this.line, this.beads]) object.geometry.setAttribute("color", new THREE.Float32BufferAttribute(colors, 3));
        this.viewer.invalidate();
    }

    /** Puts the start's picture into its frustum. */
    showImage(url) {
        this.wanted = url;
        new THREE.TextureLoader().load(url, (texture) => {
            // An earlier picture may arrive after a later one.
            if (this.wanted !== url) return texture.dispose();
            this.image.material.map?.dispose();
            this.image.material.map = texture;
            this.image.material.needsUpdate = true;
            this.image.visible = true;
            this.viewer.invalidate();
        });
    }

    set visible(flag) {
        this.group.visible = flag;
        this.viewer.invalidate();
    }
}

function outline(camera, reach) {
    const { centre, corners } = frustumCorners(camera, reach);
    const [a, b, c, d] = corners;
    // A short stroke above the picture tells which side is up.
    const c2w = invertPose(camera.w2c);
    const middle = a.map((v, i) => (v + b[i]) / 2);
    const tip = middle.map((v, i) => v - c2w[4 * i + 1] * 0.2 * reach);
    return [centre, a, centre, b, centre, c, centre, d, a, b, b, c, c, d, d, a, middle, tip];
}

function set(object, points) {
    // A buffer cannot grow: one of another length is a new geometry.
    const attribute = object.geometry.getAttribute("position");
    if (attribute && attribute.count === points.length) {
        attribute.copyArray(points.flat());
        attribute.needsUpdate = true;
        return;
    }
    object.geometry.dispose();
    object.geometry = new THREE.BufferGeometry();
    object.geometry.setAttribute("position", new THREE.Float32BufferAttribute(points.flat(), 3));
}

/** A THREE.Object3D in world (OpenCV axes) at a camera-to-world pose, for a gizmo to move. */
export class Handle extends THREE.Object3D {
    get c2w() {
        this.updateMatrix();
        return transposed(this.matrix.elements);
    }

    set c2w(pose) {
        this.matrix.fromArray(transposed(pose));
        this.matrix.decompose(this.position, this.quaternion, this.scale);
    }
}
