// The camera editor's time: the row below the view with the frames, the playback, and what is measured of every frame.
import { describeWarning } from "./camera_panels.mjs";
import { clipRounds } from "./clips.mjs";
import { h } from "./dom.mjs";
import { toolButton } from "./editor.mjs";
import { CUT_BY, RELEASE, nodeAfter, numbersOf } from "./graph.mjs";
import { roundStarts } from "./path.mjs";
import { speedsOf } from "./speed.mjs";
import { Playback } from "./playback.mjs";
import { text } from "./texts.mjs";
import { Timeline } from "./timeline.mjs";

// Pixels of the picture that coverage is measured on. A prime: a cloud made of a picture's pixels is a regular grid at the
// first frame, and a measure in step with it would hit all the gaps or none.
const MEASURE_WIDTH = 101;

export class CameraTime {
    /** @param {import("./camera_editor.mjs").CameraEditor} editor */
    constructor(editor) {
        this.editor = editor;
        this.warnings = [];
        this.frameText = h("output", { name: "frame" });
        this.rate = h("input", { type: "number", name: "rate", min: 1, max: 120, value: 24, "aria-label": text("rate"), title: text("rate") });
        const play = toolButton("play", () => this.playback.toggle(), { label: "▶" });
        this.playback = new Playback(editor, play);
        const canvas = h("canvas", { class: "timeline" });
        this.element = h("div", { class: "time" }, h("div", { class: "play" }, play, this.frameText, this.rate), canvas);
        this.timeline = new Timeline(canvas, text("timeline"));
        this.timeline.on("scrub", (detail) => editor.goTo(detail.frame));
        this.timeline.on("select", (detail) => editor.select(detail.index, detail));
        this.timeline.on("retime", (detail) => editor.keyframes.retime(detail.index, detail.frame, detail.done));
        this.timeline.on("pace", (detail) => editor.keyframes.pace(detail.index, detail.span, detail.done));
    }

    /** Frames per second of the playback, and of what is flown. */
    get fps() {
        return Number(this.rate.value) || 24;
    }

    /** Frames per clip, from the node that cuts this path. */
    get rounds() {
        const { editor } = this;
        const cut = nodeAfter(editor.node, CUT_BY);
        const { first_frames, later_frames, history_frames } = numbersOf(cut, RELEASE);
        return clipRounds(first_frames, later_frames, history_frames, editor.hasMemory && editor.facts?.video_frames > 1);
    }

    show() {
        const { editor } = this;
        const { path, frame, editing, state, chosen, coverage } = editor;
        const { first, later } = this.rounds;
        if (this.timed !== path) {
            this.timed = path;
            this.speeds = speedsOf(path);
        }
        const keys = editing ? state.keyframes : [];
        this.timeline.show({
            frames: path.length, frame, keys: keys.map((key) => key.frame), easings: keys.map((key) => key.easing), chosen, editable: editing, coverage,
            speeds: this.speeds, speedLabel: this.speedLabel(), frameSpeed: (at, held) => this.frameSpeed(at, held),
            rounds: roundStarts(path.length, first, later), roundLabel: (number) => text("clip", { number }),
            warnings: this.warnings, warningLabel: describeWarning,
        }); // prettier-ignore
        this.frameText.textContent = `${frame} / ${path.length - 1}`;
    }

    /** What the curve of speed is of, in numbers. */
    speedLabel() {
        const { mean, turns } = this.speeds;
        return text("speed", { mean: Number(mean.toPrecision(3)), turn: Number(Math.max(...turns).toFixed(2)) });
    }

    /** The speed at one frame. held: whether its way can be dragged. */
    frameSpeed(frame, held) {
        const { moves, turns, mean } = this.speeds;
        const told = text("speed_frame", {
            frame,
            move: Number(moves[frame].toPrecision(3)),
            times: mean > 0 ? (moves[frame] / mean).toFixed(2) : 0,
            turn: turns[frame].toFixed(2),
        });
        return held ? `${told}\n${text("speed_drag")}` : told;
    }

    /** Asks for the coverage of every frame and for warnings, which come one by one. */
    measure() {
        const { editor } = this;
        const [w, high] = editor.size;
        const width = Math.min(MEASURE_WIDTH, w);
        editor.coverage = [];
        const question = {
            path: editor.path, width, height: Math.max(1, Math.round((width * high) / w)), options: editor.projecting, loop: editor.first, depth: editor.depth,
        }; // prettier-ignore
        editor.analyst.follow("preflight", question, {
            coverage: ({ frame, coverage }) => {
                editor.coverage[frame] = coverage;
                this.timeline.show({ coverage: editor.coverage });
                editor.scene.showCoverage(editor.coverage);
            },
            warnings: ({ warnings }) => {
                this.warnings = warnings;
                editor.side.showWarnings(warnings);
                this.show();
            },
        }); // prettier-ignore
        editor.showPreview();
    }

    dispose() {
        this.playback.pause();
        this.timeline.dispose();
    }
}
