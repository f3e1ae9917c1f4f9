// Plays a path in the editor: at the wished rate the playhead goes on, to the last frame.

export class Playback {
    /** @param {import("./camera_editor.mjs").CameraEditor} editor @param {HTMLButtonElement} button shows what it does next */
    constructor(editor, button) {
        this.editor = editor;
        this.button = button;
    }

    toggle() {
        if (this.playing) return this.pause();
        const { editor } = this;
        const last = editor.path.length - 1;
        const begun = performance.now();
        const from = editor.frame >= last ? 0 : editor.frame;
        this.button.textContent = "❚❚";
        const step = (now) => {
            const frame = from + Math.floor(((now - begun) / 1000) * editor.time.fps);
            if (frame >= editor.path.length - 1) {
                editor.goTo(editor.path.length - 1);
                return this.pause();
            }
            if (frame !== editor.frame) editor.goTo(frame);
            this.playing = requestAnimationFrame(step);
        };
        this.playing = requestAnimationFrame(step);
    }

    pause() {
        cancelAnimationFrame(this.playing);
        this.playing = null;
        this.button.textContent = "▶";
    }
}
