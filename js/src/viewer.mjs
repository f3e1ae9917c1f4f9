// A three.js view of a scene, shared by the editors.
//
//   const viewer = new Viewer(container);       fills the container, follows its size and the page's theme
//   viewer.world                                THREE.Group in scene units and OpenCV axes: add your objects here
//   viewer.setCloud(decodePoints(buffer));      the scene's points; null for none. With states (see edit_view.mjs): tinted and left out
//                                               by them, and of positions and colours it may lack what stays as it is
//   viewer.lookFrom(c2w, depth)                 free camera to an OpenCV pose, its orbit target `depth` ahead
//   viewer.lookAt(eye, target)                  free camera to a place, turned to another (world, OpenCV axes)
//   viewer.frame(low, high)                     free camera to where it sees this box (world, OpenCV axes), its direction kept
//   viewer.lookAlong(direction)                 free camera turned about its target to look this way (world, OpenCV axes)
//   viewer.toggleGuides()                       grid and axes, which the free view alone shows, on or off
//   viewer.imageCameraOf(width, height)         what the free camera sees, as an image's camera {w2c, intrinsics}
//   viewer.viewThrough({c2w, intrinsics, aspect}) / viewer.viewThrough(null)    an image's own camera / the free one
//   viewer.navigation.mode = "orbit" | "fly"
//   viewer.pose()                               OpenCV camera-to-world of the free camera
//   viewer.ray(event)                           {origin, direction} of a mouse event, world, OpenCV axes
//   viewer.toScreen(point)                      [x, y] CSS pixels in the container of a world point, null behind
//   viewer.invalidate()                         draw again, at the next animation frame
//   viewer.addEventListener("draw" | "theme")   after each picture; after a change of colours
//   viewer.dispose()                            gives everything back; the container is empty again
import * as THREE from "three";
import { FLIP, cvToThree, projectionOf, threeToCv, transposed } from "./conventions.mjs";
import { Guides } from "./guides.mjs";
import { invertPose } from "./matrix.mjs";
import { Navigation } from "./navigation.mjs";
import { ViewCorner } from "./orientation.mjs";
import { channels, readTheme, watchTheme } from "./theme.mjs";

// Our colours are bytes for the screen: three.js is to pass them on as they are.
THREE.ColorManagement.enabled = false;

const SLOWEST = 34; // milliseconds between pictures while moving: 30 per second
const RESTED = 180; // milliseconds without a move until all points are drawn again

const POINT_SHADER = {
    vertexShader: `
        uniform float size;
        uniform float scale;
        uniform float halfHeight;
        varying vec3 shade;
        attribute vec3 color;
        attribute float state; // 0 as it is, 1 selected, 2 marked, 3 gone, 4 locked
        void main() {
            vec4 seen = modelViewMatrix * vec4(position, 1.0);
            // What is gone lies outside of every picture.
            gl_Position = state > 2.5 && state < 3.5 ? vec4(0.0, 0.0, 2.0, 1.0) : projectionMatrix * seen;
            gl_PointSize = clamp(size * scale * projectionMatrix[1][1] * halfHeight / max(-seen.z, 1e-6), 1.0, 24.0);
            shade = color;
            if (state > 3.5) shade = mix(color, vec3(0.502), 0.65);
            else if (state > 1.5) shade = mix(color, vec3(0.29, 0.565, 0.886), 0.35);
            else if (state > 0.5) shade = mix(color, vec3(0.961, 0.702, 0.004), 0.65);
        }`,
    fragmentShader: `
        varying vec3 shade;
        void main() { gl_FragColor = vec4(shade, 1.0); }`,
};

/** Scene units that let `count` points fill the surfaces in a box without gaps, about. */
export const sizeForDensity = ({ low, high }, count) => Math.hypot(...high.map((v, axis) => v - low[axis])) / Math.sqrt(Math.max(1, count)) / 1.6;

export class Viewer extends EventTarget {
    /** @param {HTMLElement} container @param {{label?: string}} options label: what a screen reader says */
    constructor(container, { label = "3D view" } = {}) {
        super();
        this.container = container;
        this.renderer = new THREE.WebGLRenderer({ antialias: false, powerPreference: "high-performance", preserveDrawingBuffer: false });
        this.renderer.outputColorSpace = THREE.LinearSRGBColorSpace;
        this.canvas = this.renderer.domElement;
        Object.assign(this.canvas.style, { display: "block", width: "100%", height: "100%", outlineOffset: "-2px", touchAction: "none" });
        this.canvas.tabIndex = 0;
        this.canvas.setAttribute("role", "application");
        this.canvas.setAttribute("aria-label", label);
        container.append(this.canvas);

        this.scene = new THREE.Scene();
        this.world = new THREE.Group();
        this.world.matrixAutoUpdate = false;
        this.world.matrix.fromArray(FLIP); // diagonal: the same by rows and by columns
        this.world.matrixWorldNeedsUpdate = true;
        this.scene.add(this.world);
        this.camera = new THREE.PerspectiveCamera(50, 1, 0.01, 1000);
        this.imageCamera = new THREE.PerspectiveCamera();
        this.imageCamera.matrixAutoUpdate = false;
        this.through = null;
        this.cloud = null;
        this.pointScale = 1;
        this.budget = Infinity; // points drawn while moving
        this.navigation = new Navigation(this.camera, this.canvas, () => this.moved());
        this.guides = new Guides(this.world);
        this.corner = new ViewCorner(this);

        this.applyTheme(readTheme());
        this.stopTheme = watchTheme((theme) => this.applyTheme(theme));
        this.resizes = new ResizeObserver(() => this.resize());
        this.resizes.observe(container);
        this.resize();
    }

    dispose() {
        this.resizes.disconnect();
        this.stopTheme();
        this.navigation.dispose();
        this.corner.dispose();
        cancelAnimationFrame(this.scheduled);
        clearTimeout(this.rest);
        this.setCloud(null);
        this.scene.traverse((/** @type {any} */ object) => {
            object.geometry?.dispose();
            for (const material of [object.material].flat()) {
                material?.map?.dispose();
                material?.dispose();
            }
        });
        this.renderer.dispose();
        this.renderer.forceContextLoss();
        this.canvas.remove();
    }

    /** Shows a decoded cloud (see points.mjs). pointSize: scene units, default from the cloud's density. */
    setCloud(cloud, pointSize) {
        if (cloud && !cloud.positions) this.setAttributes(cloud);
        else this.setPoints(cloud, pointSize);
        this.clip();
        this.invalidate();
    }

    setPoints(cloud, pointSize) {
        const colors = cloud?.colors ?? this.points?.geometry.getAttribute("color").array;
        if (this.points) {
            this.world.remove(this.points);
            this.points.geometry.dispose();
            this.points.material.dispose();
            this.points = null;
        }
        this.cloud = cloud;
        this.budget = Infinity;
        this.guides.setCloud(cloud);
        this.held = (cloud?.positions.length ?? 0) / 3; // points in the graphics card, those that are gone among them
        if (!this.held) return;
        const extent = cloud.high.map((high, axis) => Math.max(high - cloud.low[axis], 1e-9));
        const geometry = new THREE.BufferGeometry();
        geometry.setAttribute("position", new THREE.BufferAttribute(cloud.positions, 3, true));
        geometry.setAttribute("color", new THREE.BufferAttribute(colors, 3, true));
        if (cloud.states) geometry.setAttribute("state", new THREE.BufferAttribute(cloud.states, 1));
        geometry.boundingSphere = new THREE.Sphere(new THREE.Vector3(0.5, 0.5, 0.5), Math.sqrt(3) / 2);
        const material = new THREE.ShaderMaterial({
            ...POINT_SHADER,
            uniforms: { size: { value: pointSize ?? sizeForDensity(cloud, cloud.count) }, scale: { value: 1 }, halfHeight: { value: 1 } },
        });
        this.points = new THREE.Points(geometry, material);
        this.points.position.fromArray(cloud.low);
        this.points.scale.fromArray(extent);
        this.world.add(this.points);
    }

    /** Changes colours and states of the points that are there: of millions of points, what little has to be sent. */
    setAttributes({ count, total, colors, states }) {
        Object.assign(this.cloud, { count, total });
        for (const [name, array] of [
            ["color", colors],
            ["state", states],
        ]) {
            if (!array || !this.points) continue;
            const attribute = /** @type {any} */ (this.points.geometry.getAttribute(name));
            attribute.array = array;
            attribute.needsUpdate = true;
        }
    }

    /** Bytes of the points, in this page and as many again in the graphics card. */
    get bytes() {
        return Object.values(this.points?.geometry.attributes ?? {}).reduce((sum, { array }) => sum + array.byteLength, 0);
    }

    lookFrom(c2w, depth = 1) {
        const three = cvToThree(c2w);
        const [x, y, z] = [3, 7, 11].map((i) => three[i]);
        this.camera.position.set(x, y, z);
        this.navigation.size = depth;
        this.navigation.target.set(x - three[2] * depth, y - three[6] * depth, z - three[10] * depth);
        this.camera.up.set(0, 1, 0);
        this.camera.lookAt(this.navigation.target);
        this.moved();
    }

    lookAt(eye, target) {
        this.camera.position.set(eye[0], -eye[1], -eye[2]);
        this.navigation.target.set(target[0], -target[1], -target[2]);
        this.navigation.size = this.camera.position.distanceTo(this.navigation.target) / 2;
        this.camera.up.set(0, 1, 0);
        this.camera.lookAt(this.navigation.target);
        this.moved();
    }

    frame(low, high) {
        const middle = low.map((v, i) => (v + high[i]) / 2);
        const radius = Math.max(Math.hypot(...high.map((v, i) => v - low[i])) / 2, 1e-6);
        this.navigation.target.set(middle[0], -middle[1], -middle[2]);
        this.navigation.size = radius;
        const way = new THREE.Vector3(0, 0, 1).applyQuaternion(this.camera.quaternion);
        const reach = radius / Math.sin((Math.min(this.camera.fov, 50) * Math.PI) / 360);
        this.camera.position.copy(this.navigation.target).addScaledVector(way, reach);
        this.camera.up.set(0, 1, 0);
        this.camera.lookAt(this.navigation.target);
        this.moved();
    }

    /** As frame, of the box round these places with so much room. */
    framePlaces(places, room) {
        const bound = (pick, by) => [0, 1, 2].map((i) => places.reduce((most, place) => pick(most, place[i]), places[0][i]) + by);
        this.frame(bound(Math.min, -room), bound(Math.max, room));
    }

    lookAlong(direction) {
        const [x, y, z] = direction;
        // No negative zero: straight from above, the angle round the vertical would be half a turn.
        this.navigation.turnTo(new THREE.Vector3(0 - x, y + 0, z + 0));
    }

    toggleGuides() {
        this.guides.toggle();
        this.invalidate();
    }

    imageCameraOf(width, height) {
        const fy = 0.5 / Math.tan((this.camera.fov * Math.PI) / 360);
        return { w2c: invertPose(this.pose()), intrinsics: [(fy * height) / width, fy, 0.5, 0.5] };
    }

    /** Draws the points this many times as large. */
    setPointScale(factor) {
        this.pointScale = factor;
        this.invalidate();
    }

    viewThrough(view) {
        if (Boolean(view) !== Boolean(this.through)) this.navigation.enabled = !view;
        this.through = view;
        this.aim();
    }

    pose() {
        this.camera.updateMatrixWorld();
        return threeToCv(transposed(this.camera.matrixWorld.elements));
    }

    /** The camera that draws the picture: the free one, or an image's. */
    get active() {
        return this.through ? this.imageCamera : this.camera;
    }

    raycaster(event) {
        const box = this.canvas.getBoundingClientRect();
        const at = new THREE.Vector2(((event.clientX - box.left) / box.width) * 2 - 1, 1 - ((event.clientY - box.top) / box.height) * 2);
        const caster = new THREE.Raycaster();
        this.active.updateMatrixWorld();
        // Not setFromCamera, which reads a symmetric frustum.
        const near = new THREE.Vector3(at.x, at.y, -1).applyMatrix4(this.active.projectionMatrixInverse).applyMatrix4(this.active.matrixWorld);
        const far = new THREE.Vector3(at.x, at.y, 1).applyMatrix4(this.active.projectionMatrixInverse).applyMatrix4(this.active.matrixWorld);
        caster.set(near, far.sub(near).normalize());
        caster.camera = this.active;
        return caster;
    }

    ray(event) {
        const { origin, direction } = this.raycaster(event).ray;
        return { origin: [origin.x, -origin.y, -origin.z], direction: [direction.x, -direction.y, -direction.z] };
    }

    toScreen(point) {
        const active = this.active;
        active.updateMatrixWorld();
        const seen = new THREE.Vector3(point[0], -point[1], -point[2]).applyMatrix4(active.matrixWorldInverse);
        if (seen.z >= 0) return null;
        seen.applyMatrix4(active.projectionMatrix);
        return [((seen.x + 1) / 2) * this.container.clientWidth, ((1 - seen.y) / 2) * this.container.clientHeight];
    }

    applyTheme(theme) {
        this.theme = theme;
        this.scene.background = new THREE.Color(...channels(theme.background));
        this.guides.setTheme(theme);
        this.dispatchEvent(new Event("theme"));
        this.invalidate();
    }

    resize() {
        const width = Math.max(1, this.container.clientWidth);
        const height = Math.max(1, this.container.clientHeight);
        this.renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
        this.renderer.setSize(width, height, false);
        this.camera.aspect = width / height;
        this.clip();
        this.aim();
    }

    /** Sets up the image's own camera for the container's size. */
    aim() {
        if (this.through) {
            const { c2w, intrinsics, aspect } = this.through;
            const width = Math.max(1, this.container.clientWidth);
            const height = Math.max(1, this.container.clientHeight);
            this.imageCamera.matrix.fromArray(transposed(cvToThree(c2w)));
            this.imageCamera.matrixWorldNeedsUpdate = true;
            this.imageCamera.projectionMatrix.fromArray(transposed(projectionOf(intrinsics, aspect, width, height, this.camera.near, this.camera.far)));
            this.imageCamera.projectionMatrixInverse.copy(this.imageCamera.projectionMatrix).invert();
        }
        this.invalidate();
    }

    /** Clipping planes round what there is to see, in proportion, so that every scene scale works. */
    clip() {
        const reach = this.camera.position.distanceTo(this.navigation.target);
        let far = 100 * Math.max(reach, this.navigation.size);
        if (this.cloud) far = Math.max(far, 4 * Math.hypot(...this.cloud.high.map((v, i) => v - this.cloud.low[i])) + 2 * reach);
        this.camera.near = Math.max(Math.min(reach, this.navigation.size) / 200, far * 1e-6);
        this.camera.far = far;
        this.camera.updateProjectionMatrix();
    }

    moved() {
        this.clip();
        this.moving = true;
        clearTimeout(this.rest);
        this.rest = setTimeout(() => {
            this.moving = false;
            this.invalidate();
        }, RESTED);
        this.invalidate();
    }

    invalidate() {
        this.scheduled ??= requestAnimationFrame((now) => this.draw(now));
    }

    draw(now) {
        this.scheduled = null;
        if (this.points) {
            this.adapt(now);
            this.points.geometry.setDrawRange(0, this.moving ? Math.min(this.budget, this.held) : this.held);
            this.points.material.uniforms.scale.value = this.pointScale;
            this.points.material.uniforms.halfHeight.value = this.renderer.getDrawingBufferSize(new THREE.Vector2()).y / 2;
        }
        const [eye, target] = [this.camera.position, this.navigation.target].map(({ x, y, z }) => [x, -y, -z]);
        this.guides.follow(eye, target, !this.through);
        this.corner.show();
        this.renderer.render(this.scene, this.active);
        this.dispatchEvent(new Event("draw"));
    }

    /** Points are in random order, so a prefix of them is an even thinning: as many as move smoothly. */
    adapt(now) {
        if (this.moving && this.wasMoving) {
            const took = now - this.lastDraw;
            const shown = Math.min(this.budget, this.held);
            if (took > SLOWEST && took < 2000) this.budget = Math.max(20000, shown * Math.max(0.4, SLOWEST / took));
            else if (took < SLOWEST / 2 && this.budget < this.held) this.budget = shown * 1.2;
        }
        this.wasMoving = this.moving;
        this.lastDraw = now;
    }
}
