// The part of a path that is filmed already, drawn over the path: what is changed there is made again.
import * as THREE from "three";
import { invertPose, position } from "./matrix.mjs";

const COLOR = 0x35a06a;

export class MadePath {
    constructor(viewer) {
        this.viewer = viewer;
        this.line = new THREE.Line(new THREE.BufferGeometry(), new THREE.LineBasicMaterial({ color: COLOR, depthTest: false }));
        this.dots = new THREE.Points(this.line.geometry, new THREE.PointsMaterial({ color: COLOR, size: 4, sizeAttenuation: false, depthTest: false }));
        for (const object of [this.line, this.dots]) {
            object.frustumCulled = false;
            object.renderOrder = 1;
            viewer.world.add(object);
        }
    }

    /** cameras: of the frames that are there; none: nothing is drawn. */
    show(cameras) {
        const places = cameras.flatMap((camera) => position(invertPose(camera.w2c)));
        this.line.geometry.setAttribute("position", new THREE.Float32BufferAttribute(places, 3));
        this.viewer.invalidate();
    }

    dispose() {
        for (const object of [this.line, this.dots]) {
            this.viewer.world.remove(object);
            object.material.dispose();
        }
        this.line.geometry.dispose();
    }
}
