// What helps to find one's way in the 3-D view: a grid on the scene's floor and the world's axes at its origin. They are
// drawn for the free view alone; the pictures that the network gets are drawn elsewhere, without them.
import * as THREE from "three";
import { floorOf, gridLines, gridSpacing } from "./floor_grid.mjs";
import { distance } from "./matrix.mjs";
import { channels } from "./theme.mjs";

/** Colours of the world's axes x, y, z, here and in the orientation gizmo. */
export const AXIS_COLORS = ["#e0533d", "#35a06a", "#4a90e2"];
const AXIS_CELLS = 3; // length of an axis
const EDGE_ON = 1e-3; // of the distance looked at: a grid that is no higher or lower than this is not seen as one
const STRENGTH = { weak: 0.22, strong: 0.5 };
const KEPT = "spatia.guides"; // in the browser's storage: "off" where they are not wanted

export class Guides {
    /** @param {THREE.Group} world in OpenCV axes */
    constructor(world) {
        this.group = new THREE.Group();
        this.grid = lines();
        this.axes = lines();
        // Above the grid, whose lines run along them.
        this.axes.renderOrder = 1;
        this.group.add(this.grid, this.axes);
        world.add(this.group);
        this.floor = null;
        this.wanted = localStorage.getItem(KEPT) !== "off";
    }

    toggle() {
        this.wanted = !this.wanted;
        localStorage.setItem(KEPT, this.wanted ? "on" : "off");
    }

    setCloud(cloud) {
        this.floor = floorOf(cloud, this.floor);
        this.drawn = null;
    }

    setTheme(theme) {
        this.color = channels(theme.text);
        this.drawn = null;
    }

    /** Lays them out for a free camera that looks at a target, both in world axes (OpenCV); an image's camera sees none. */
    follow(eye, target, free) {
        this.group.visible = this.wanted && free;
        if (!this.group.visible) return;
        const reach = distance(eye, target);
        const above = Math.abs((this.floor ?? 0) - eye[1]);
        // From within its plane it would be one line through the picture.
        this.grid.visible = above > EDGE_ON * reach;
        // A floor far below is seen from far.
        const spacing = gridSpacing(Math.max(reach, above));
        const middle = [target[0], target[2]].map((v) => Math.round(v / spacing) * spacing);
        const length = AXIS_CELLS * gridSpacing(reach);
        const drawn = [spacing, ...middle, length].join(" ");
        if (drawn === this.drawn) return;
        this.drawn = drawn;
        this.layGrid(spacing, middle);
        this.layAxes(length);
    }

    layGrid(spacing, middle) {
        const height = this.floor ?? 0;
        const places = [];
        const colors = [];
        for (const { from, to, strong, alpha } of gridLines(spacing, middle)) {
            const strength = strong ? STRENGTH.strong : STRENGTH.weak;
            places.push(from[0], height, from[1], to[0], height, to[1]);
            for (const share of alpha) colors.push(...this.color, share * strength);
        }
        fill(this.grid, places, colors);
    }

    layAxes(length) {
        const places = [0, 1, 2].flatMap((axis) => [0, 0, 0, ...[0, 1, 2].map((i) => (i === axis ? length : 0))]);
        const colors = AXIS_COLORS.flatMap((css) => {
            const color = new THREE.Color(css).toArray();
            return [...color, 1, ...color, 1];
        });
        fill(this.axes, places, colors);
    }
}

function lines() {
    // The points hide it, it hides nothing.
    const material = new THREE.LineBasicMaterial({ vertexColors: true, transparent: true, depthWrite: false });
    const object = new THREE.LineSegments(new THREE.BufferGeometry(), material);
    object.frustumCulled = false;
    return object;
}

function fill(object, places, colors) {
    object.geometry.dispose();
    object.geometry = new THREE.BufferGeometry();
    object.geometry.setAttribute("position", new THREE.Float32BufferAttribute(places, 3));
    object.geometry.setAttribute("color", new THREE.Float32BufferAttribute(colors, 4));
}
