// Moving the free camera with mouse and keyboard: orbit about a target, or fly.
//
//   orbit   drag: turn about the target; right or middle drag: pan; wheel: nearer, farther; arrows, + and -: the same
//   fly     drag: look around; W S A D Q E: forward, back, left, right, down, up; shift: faster; wheel: the speed
import * as THREE from "three";

const TURN = 0.005; // radians per pixel
const KEY_TURN = 0.06; // radians per key press
const SPEEDS = [1 / 8, 8]; // slowest and fastest flight
const STEEPEST = Math.PI / 2 - 0.01;
const TURNING = 200; // milliseconds in which the camera turns to a side that was asked for
const FLY_KEYS = { KeyW: [0, 0, -1], KeyS: [0, 0, 1], KeyA: [-1, 0, 0], KeyD: [1, 0, 0], KeyQ: [0, -1, 0], KeyE: [0, 1, 0] };

export class Navigation {
    /**
     * @param {THREE.PerspectiveCamera} camera moved by this
     * @param {HTMLElement} element takes the pointer and, when focused, the keys
     * @param {() => void} changed called after every move
     */
    constructor(camera, element, changed) {
        this.camera = camera;
        this.element = element;
        this.changed = changed;
        this.mode = "orbit";
        this.enabled = true;
        this.target = new THREE.Vector3(0, 0, -1);
        this.size = 1; // scene units that are a comfortable distance; sets the speed of flight
        this.speed = 1; // of flight, as the user wants it
        this.held = new Set();
        this.ended = new AbortController();
        const listen = (name, handler, options) => element.addEventListener(name, handler, { signal: this.ended.signal, ...options });
        listen("pointerdown", (event) => this.press(event));
        listen("pointermove", (event) => this.drag(event));
        listen("pointerup", () => (this.button = null));
        listen("pointercancel", () => (this.button = null));
        listen("wheel", (event) => this.wheel(event), { passive: false });
        listen("contextmenu", (event) => event.preventDefault());
        listen("keydown", (event) => this.key(event));
        listen("keyup", (event) => this.held.delete(event.code));
        listen("blur", () => this.held.clear());
    }

    dispose() {
        this.ended.abort();
        cancelAnimationFrame(this.flight);
        cancelAnimationFrame(this.turning);
    }

    press(event) {
        this.element.focus({ preventScroll: true });
        if (!this.enabled) return;
        cancelAnimationFrame(this.turning);
        this.button = event.button === 0 && event.shiftKey ? 2 : event.button;
        this.element.setPointerCapture(event.pointerId);
        this.last = [event.clientX, event.clientY];
    }

    drag(event) {
        if (this.button == null || !this.enabled) return;
        const dx = event.clientX - this.last[0];
        const dy = event.clientY - this.last[1];
        this.last = [event.clientX, event.clientY];
        if (this.button !== 0) this.pan(-dx, dy);
        else if (this.mode === "fly") this.look(-dx * TURN, -dy * TURN);
        else this.orbit(-dx * TURN, -dy * TURN);
    }

    wheel(event) {
        event.preventDefault();
        if (!this.enabled) return;
        const steps = Math.max(-3, Math.min(3, event.deltaY / 100));
        if (this.mode === "fly") {
            this.speed = Math.max(SPEEDS[0], Math.min(SPEEDS[1], this.speed * 1.15 ** -steps));
            this.changed();
        } else this.dolly(1.15 ** steps);
    }

    key(event) {
        if (!this.enabled || event.ctrlKey || event.metaKey || event.altKey) return;
        if (this.mode === "fly" && FLY_KEYS[event.code]) {
            this.held.add(event.code);
            this.fast = event.shiftKey;
            if (this.flight == null) this.fly();
        } else if (event.key.startsWith("Arrow")) {
            const x = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
            const y = { ArrowUp: 1, ArrowDown: -1 }[event.key] ?? 0;
            if (event.shiftKey) this.pan(20 * x, 20 * y);
            else if (this.mode === "fly") this.look(-KEY_TURN * x, KEY_TURN * y);
            else this.orbit(KEY_TURN * x, -KEY_TURN * y);
        } else if (event.key === "+" || event.key === "=") this.dolly(1 / 1.15);
        else if (event.key === "-") this.dolly(1.15);
        else return;
        event.preventDefault();
        event.stopPropagation();
    }

    fly() {
        let before = performance.now();
        const step = (now) => {
            if (!this.held.size) {
                this.flight = null;
                return;
            }
            const reach = ((now - before) / 1000) * this.size * this.speed * (this.fast ? 2 : 0.5);
            before = now;
            const way = [0, 1, 2].map((i) => [...this.held].reduce((sum, code) => sum + FLY_KEYS[code][i], 0) * reach);
            this.advance(way);
            this.flight = requestAnimationFrame(step);
        };
        this.flight = requestAnimationFrame(step);
    }

    /** The way from the target to the camera. */
    get arm() {
        return new THREE.Spherical().setFromVector3(this.camera.position.clone().sub(this.target));
    }

    /** Turns about the target, world y staying upright. */
    orbit(yaw, pitch) {
        const arm = this.arm;
        arm.theta += yaw;
        arm.phi = Math.max(0.01, Math.min(Math.PI - 0.01, arm.phi + pitch));
        this.camera.position.setFromSpherical(arm).add(this.target);
        this.camera.up.set(0, 1, 0);
        this.camera.lookAt(this.target);
        this.changed();
    }

    /** Turns about the target, in a moment, until the camera stands on this side of it (three.js axes). */
    turnTo(side) {
        cancelAnimationFrame(this.turning);
        const goal = new THREE.Spherical().setFromVector3(side);
        const from = this.arm;
        const yaw = Math.atan2(Math.sin(goal.theta - from.theta), Math.cos(goal.theta - from.theta));
        const pitch = goal.phi - from.phi;
        let before = 0;
        const begun = performance.now();
        const step = (now) => {
            const share = Math.max(0, Math.min(1, (now - begun) / TURNING));
            this.orbit((share - before) * yaw, (share - before) * pitch);
            before = share;
            this.turning = share < 1 ? requestAnimationFrame(step) : null;
        };
        this.turning = requestAnimationFrame(step);
    }

    look(yaw, pitch) {
        const angles = new THREE.Euler().setFromQuaternion(this.camera.quaternion, "YXZ");
        angles.y += yaw;
        angles.x = Math.max(-STEEPEST, Math.min(STEEPEST, angles.x + pitch));
        angles.z = 0;
        this.camera.quaternion.setFromEuler(angles);
        this.follow();
    }

    pan(right, up) {
        const reach = this.camera.position.distanceTo(this.target);
        const pixel = (2 * reach * Math.tan((this.camera.fov * Math.PI) / 360)) / this.element.clientHeight;
        const way = new THREE.Vector3(right * pixel, up * pixel, 0).applyQuaternion(this.camera.quaternion);
        this.camera.position.add(way);
        this.target.add(way);
        this.changed();
    }

    dolly(factor) {
        const arm = this.camera.position.clone().sub(this.target);
        this.camera.position.copy(this.target).addScaledVector(arm, factor);
        this.changed();
    }

    /** Moves along the camera's own axes, the target with it. */
    advance(way) {
        const step = new THREE.Vector3(...way).applyQuaternion(this.camera.quaternion);
        this.camera.position.add(step);
        this.target.add(step);
        this.changed();
    }

    /** Puts the target straight ahead, at the distance it had. */
    follow() {
        const reach = Math.max(this.camera.position.distanceTo(this.target), 1e-3 * this.size);
        this.target.set(0, 0, -reach).applyQuaternion(this.camera.quaternion).add(this.camera.position);
        this.changed();
    }
}
