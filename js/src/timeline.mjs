// The strip under the view: frames, clips, keyframes, what the memory knows of each frame, warnings, speed, the playhead.
import { segmentAt } from "./speed.mjs";
import { drawSpeed, onCurve } from "./speed_curve.mjs";
import { channels } from "./theme.mjs";

const LEFT = 8;
const RULER = 20;
const KEYS = 38; // middle of the keyframes' row
const STRIP = { top: 54, height: 26 };
const WARNINGS = { top: 82, height: 8 };
const TWICE = 40; // pixels up, for a way between two keyframes to be twice as fast
const CLICK = 3; // pixels: less is no drag
const WARNED = { wall: "#d64545", turn: "#b065d6", unknown: "#d9822b", open: "#4a90e2" };

export class Timeline extends EventTarget {
    /**
     * Events: "scrub" {frame}, "select" {index, extend, keep}, "retime" {index, frame, done}, "pace" {index, span, done}:
     * the way to a keyframe is to take so many frames.
     * @param {HTMLCanvasElement} canvas keyboard: left and right step, up and down change the speed, shift by 10; Home and End
     * @param {string} label
     */
    constructor(canvas, label) {
        super();
        this.canvas = canvas;
        canvas.tabIndex = 0;
        canvas.setAttribute("role", "slider");
        canvas.setAttribute("aria-label", label);
        this.data = {
            frames: 1, frame: 0, keys: [], easings: [], chosen: [], rounds: [], coverage: [], warnings: [], editable: true,
            speeds: { moves: [], turns: [], mean: 0 }, speedLabel: "",
        }; // prettier-ignore
        canvas.addEventListener("pointerdown", (event) => this.press(event));
        canvas.addEventListener("pointermove", (event) => this.drag(event));
        canvas.addEventListener("pointerup", (event) => this.release(event));
        canvas.addEventListener("keydown", (event) => this.key(event));
        this.resizes = new ResizeObserver(() => this.draw());
        this.resizes.observe(canvas);
    }

    dispose() {
        this.resizes.disconnect();
    }

    show(data) {
        Object.assign(this.data, data);
        this.canvas.setAttribute("aria-valuemin", "0");
        this.canvas.setAttribute("aria-valuemax", String(this.data.frames - 1));
        this.canvas.setAttribute("aria-valuenow", String(this.data.frame));
        this.draw();
    }

    x(frame) {
        return LEFT + ((this.canvas.clientWidth - 2 * LEFT) * frame) / Math.max(1, this.data.frames - 1);
    }

    frameAt(x) {
        const frame = Math.round(((x - LEFT) / (this.canvas.clientWidth - 2 * LEFT)) * (this.data.frames - 1));
        return Math.max(0, Math.min(this.data.frames - 1, frame));
    }

    tell(type, detail) {
        this.dispatchEvent(new CustomEvent(type, { detail }));
    }

    /** Calls heard(detail) for each event of this name. */
    on(type, heard) {
        this.addEventListener(type, (event) => heard(/** @type {CustomEvent} */ (event).detail));
    }

    press(event) {
        this.canvas.setPointerCapture(event.pointerId);
        this.canvas.focus();
        const near = this.data.keys.map((frame, index) => ({ index, far: Math.abs(this.x(frame) - event.offsetX) })).sort((a, b) => a.far - b.far)[0];
        if (near && near.far < 8 && Math.abs(event.offsetY - KEYS) < 12) {
            this.held = { index: near.index, from: this.data.keys[near.index], alone: !event.shiftKey };
            // What is selected stays so for a drag; shift adds to it.
            this.tell("select", { index: near.index, extend: event.shiftKey, keep: true });
        } else if (this.segment(event) > 0) {
            const pace = this.segment(event);
            this.held = { pace, from: event.offsetY, span: this.data.keys[pace] - this.data.keys[pace - 1] };
        } else {
            this.held = {};
            this.tell("scrub", { frame: this.frameAt(event.offsetX) });
        }
    }

    /** The keyframe on the way to which the mouse is, over the curve of speed; -1 elsewhere. */
    segment(event) {
        return this.data.editable && onCurve(event.offsetY) ? segmentAt(this.data.keys, this.frameAt(event.offsetX)) : -1;
    }

    /** Frames that the held way is to take: the higher it is dragged, the faster and the fewer. */
    pace(event, done) {
        const up = this.held.from - event.offsetY;
        if (Math.abs(up) > CLICK) this.held.moved = true;
        if (!this.held.moved) return done && this.tell("scrub", { frame: this.frameAt(event.offsetX) });
        this.tell("pace", { index: this.held.pace, span: Math.max(1, Math.round(this.held.span * 2 ** (-up / TWICE))), done });
    }

    drag(event) {
        if (!this.held) return this.explain(event);
        if (this.held.pace) return this.pace(event, false);
        const frame = this.frameAt(event.offsetX);
        if (this.held.index === undefined) this.tell("scrub", { frame });
        else if (this.data.editable && this.held.index > 0 && frame !== this.data.keys[this.held.index]) {
            this.tell("retime", { index: this.held.index, frame, done: false });
        }
    }

    /** The tooltip is what is warned of at the frame under the mouse. */
    explain(event) {
        const [first, last] = [this.frameAt(event.offsetX - 5), this.frameAt(event.offsetX + 5)];
        const told = this.data.warnings.filter(({ from, to }) => from <= last && to >= first);
        const lines = told.map((warning) => this.data.warningLabel(warning));
        if (onCurve(event.offsetY)) lines.push(this.data.frameSpeed(this.frameAt(event.offsetX), this.segment(event) > 0));
        this.canvas.title = lines.join("\n");
        this.canvas.style.cursor = this.segment(event) > 0 ? "ns-resize" : "";
    }

    release(event) {
        const { held } = this;
        if (held?.pace) this.pace(event, true);
        this.held = null;
        if (held?.pace) this.draw();
        if (held?.index === undefined) return;
        if (this.data.keys[held.index] !== held.from) this.tell("retime", { index: held.index, frame: this.data.keys[held.index], done: true });
        // A click on one of several selects that one.
        else if (held.alone && this.data.chosen.length > 1) this.tell("select", { index: held.index });
    }

    key(event) {
        const step = event.shiftKey ? 10 : 1;
        const to = {
            ArrowLeft: this.data.frame - step, ArrowRight: this.data.frame + step, Home: 0, End: this.data.frames - 1,
        }[event.key]; // prettier-ignore
        const longer = { ArrowUp: -step, ArrowDown: step }[event.key];
        if (to === undefined && longer === undefined) return;
        event.preventDefault();
        if (longer) this.paceHere(longer);
        else this.tell("scrub", { frame: Math.max(0, Math.min(this.data.frames - 1, to)) });
    }

    /** The way on which the playhead is takes so many frames more; the playhead stays on it, at its end where it was there. */
    paceHere(longer) {
        const { keys, frame, editable } = this.data;
        const index = editable ? segmentAt(keys, frame) : -1;
        if (index < 1) return;
        const [begins, ended] = [keys[index - 1], keys[index]];
        this.tell("pace", { index, span: Math.max(1, ended - begins + longer), done: true });
        const ends = this.data.keys[index];
        this.tell("scrub", { frame: frame === ended ? ends : Math.min(frame, ends) });
    }

    draw() {
        const { canvas, data } = this;
        const style = getComputedStyle(canvas);
        const width = canvas.clientWidth;
        const height = canvas.clientHeight;
        if (!width || !height) return;
        const ratio = window.devicePixelRatio;
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(height * ratio);
        const pen = canvas.getContext("2d");
        pen.scale(ratio, ratio);
        const text = style.color;
        const faint = `rgba(${channels(text).map((v) => Math.round(255 * v))}, 0.35)`;
        pen.font = "11px Inter, Arial, sans-serif";
        pen.textBaseline = "middle";
        // Ruler: about one number per 60 pixels.
        const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000].find((s) => (s / data.frames) * width > 48) ?? 5000;
        for (let frame = 0; frame < data.frames; frame += step) {
            pen.fillStyle = faint;
            pen.fillRect(this.x(frame), RULER - 5, 1, 5);
            pen.fillStyle = text;
            pen.textAlign = frame === 0 ? "left" : "center";
            pen.fillText(String(frame), this.x(frame), 8);
        }
        pen.fillStyle = faint;
        pen.fillRect(LEFT, RULER, width - 2 * LEFT, 1);
        // Coverage: the taller and greener, the more of the frame is known.
        const bar = Math.max(1, (width - 2 * LEFT) / Math.max(1, data.frames - 1));
        pen.strokeStyle = faint;
        pen.strokeRect(LEFT - 0.5, STRIP.top - 0.5, width - 2 * LEFT + 1, STRIP.height + 1);
        data.coverage.forEach((share, frame) => {
            if (share === undefined) return;
            pen.fillStyle = `hsl(${Math.round(10 + 120 * share)} 55% 45%)`;
            const tall = Math.max(1, share * STRIP.height);
            const left = Math.max(LEFT, this.x(frame) - bar / 2);
            pen.fillRect(left, STRIP.top + STRIP.height - tall, Math.min(this.x(frame) + bar / 2, width - LEFT) - left + 0.5, tall);
        });
        this.drawWarnings(pen, text);
        const speed = { ...data, held: this.held?.pace ?? -1, label: data.speedLabel };
        drawSpeed(pen, speed, { x: (frame) => this.x(frame), text, faint });
        data.rounds.forEach((frame, index) => {
            const x = this.x(frame - 0.5);
            pen.fillStyle = text;
            for (let y = RULER; y < STRIP.top + STRIP.height; y += 6) pen.fillRect(x, y, 1, 3);
            pen.textAlign = "left";
            pen.fillText(data.roundLabel(index + 2), x + 3, RULER + 7);
        });
        pen.fillStyle = text;
        pen.fillRect(this.x(data.frame), 2, 1.5, height - 4);
        data.keys.forEach((frame, index) => {
            const x = this.x(frame);
            pen.beginPath();
            pen.moveTo(x, KEYS - 7);
            pen.lineTo(x + 6, KEYS);
            pen.lineTo(x, KEYS + 7);
            pen.lineTo(x - 6, KEYS);
            pen.closePath();
            pen.fillStyle = data.chosen.includes(index) ? "#f5b301" : index === 0 ? faint : "#4a90e2";
            pen.fill();
            pen.strokeStyle = text;
            pen.stroke();
        });
    }

    /** Over the frames that a warning is of, a bar in its colour below the strip, and a triangle where it begins. */
    drawWarnings(pen, outline) {
        for (const { kind, from, to } of this.data.warnings) {
            const [left, right] = [this.x(from), this.x(to)];
            pen.fillStyle = WARNED[kind];
            pen.globalAlpha = 0.25;
            pen.fillRect(left - 1, RULER, Math.max(3, right - left + 2), STRIP.top + STRIP.height - RULER);
            pen.globalAlpha = 1;
            pen.fillRect(left - 1, WARNINGS.top + 2, Math.max(3, right - left + 2), 4);
            pen.beginPath();
            pen.moveTo(left, WARNINGS.top - 3);
            pen.lineTo(left + 6, WARNINGS.top + WARNINGS.height);
            pen.lineTo(left - 6, WARNINGS.top + WARNINGS.height);
            pen.closePath();
            pen.fill();
            pen.strokeStyle = outline;
            pen.stroke();
        }
    }
}
