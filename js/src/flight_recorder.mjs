// Records how the free camera is flown, and adds it to the path: from the last pose on, at the rate of the playback.
import { h } from "./dom.mjs";
import { flightPoses, moving } from "./flight.mjs";
import { text } from "./texts.mjs";

const MOST_SECONDS = 60;

export class FlightRecorder {
    /** @param {import("./camera_editor.mjs").CameraEditor} editor */
    constructor(editor) {
        this.editor = editor;
        this.samples = null; // while it records
        this.speed = h("input", { type: "range", name: "fly_speed", min: -3, max: 3, step: 0.1, value: 0, "aria-label": text("fly_speed"), title: text("fly_speed"), oninput: () => {
            editor.viewer.navigation.speed = 2 ** Number(this.speed.value);
        } }); // prettier-ignore
        this.clock = h("output", { name: "flown" });
        this.panel = h("div", { class: "flight", hidden: true }, this.clock, h("label", {}, text("fly_speed"), " ", this.speed));
    }

    get recording() {
        return this.samples !== null;
    }

    /** What is at hand while flying: the speed, and the seconds of a recording. */
    show() {
        const { viewer, view } = this.editor;
        this.panel.hidden = viewer.navigation.mode !== "fly" || view !== "free";
        this.speed.value = Math.log2(viewer.navigation.speed);
        this.clock.textContent = this.recording ? text("recording", { seconds: (this.samples.at(-1)?.time ?? 0).toFixed(1) }) : "";
    }

    toggle() {
        return this.recording ? this.finish() : this.begin();
    }

    begin() {
        const { editor } = this;
        if (!editor.editable || editor.problem) return;
        editor.time.playback.pause();
        if (editor.view !== "free") editor.setView("free");
        this.from = editor.keyframes.lastPose();
        editor.viewer.lookFrom(this.from, editor.depth);
        this.samples = [];
        editor.setNavigation("fly");
        const begun = performance.now();
        const sample = (now) => {
            this.samples.push({ time: Math.max(0, now - begun) / 1000, c2w: editor.viewer.pose() });
            this.show();
            if (this.samples.at(-1).time > MOST_SECONDS) return this.finish();
            this.next = requestAnimationFrame(sample);
        };
        this.next = requestAnimationFrame(sample);
    }

    /** Ends the recording and gives what it holds. */
    stop() {
        cancelAnimationFrame(this.next);
        const { samples } = this;
        this.samples = null;
        return samples;
    }

    /** Ends the recording and throws it away. */
    discard() {
        this.stop();
        this.editor.setNavigation("orbit");
    }

    finish() {
        const { editor } = this;
        const flown = moving(this.stop(), editor.depth);
        if (flown.length > 1) editor.keyframes.appendFlight(flightPoses(flown, editor.time.fps, this.from));
        else editor.say(text("nothing_flown"));
        editor.setNavigation("orbit");
        if (flown.length < 2) return;
        // From aside: along the way that was flown, it would hide itself.
        editor.overlook();
        editor.frameAll();
    }
}
