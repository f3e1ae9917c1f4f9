// Making a video clip by clip from the camera path editor: what Spatia Video behind the path has made, and its next run.
// All it does are values of widgets and ordinary runs of the workflow, so that the saved workflow makes the same video.
import { clipRounds } from "./clips.mjs";
import { clipsOf, framesWithNext, planned, withPrompt, withSeed } from "./clip_plan.mjs";
import { ClipStrip } from "./clip_strip.mjs";
import { Latest } from "./dom.mjs";
import { RELEASE, nodeAfter, numbersOf } from "./graph.mjs";
import { api, app, captureChange, executionId, fetchFile, isLinked, lastReport, queueRefusal, setWidget, viewUrl, widgetOf } from "./host.mjs";
import { lengthened } from "./longer_path.mjs";
import { MadePath } from "./made_path.mjs";
import { text } from "./texts.mjs";

const rangeOf = (clips) => (clips.length > 1 ? `${clips[0].number} – ${clips.at(-1).number}` : clips[0].number);

/** A director for the editor of the path that a Spatia Video films; null for other paths. */
export function directorOf(editor) {
    const video = nodeAfter(editor.node, ["SpatiaVideo"]);
    return video && givesCameras(video) === editor.node ? new Director(editor, video) : null;
}

/** The Camera Path node whose path a Spatia Video films. Throws where another node gives the path. */
export function pathNodeOf(video) {
    const node = givesCameras(video);
    if (node?.comfyClass !== "SpatiaCameraPath") throw new Error(text("direct_no_path"));
    return node;
}

function givesCameras(video) {
    const slot = video.inputs?.findIndex((input) => input.name === "cameras") ?? -1;
    return slot < 0 ? null : video.getInputNode(slot);
}

class Director {
    constructor(editor, video) {
        this.editor = editor;
        this.video = video;
        this.facts = null; // of the last run
        this.points = null;
        this.listing = null; // of the world
        this.clips = [];
        this.running = null; // {state, share, preview, began}
        this.loads = new Latest();
        this.strip = new ClipStrip(this);
        this.made = new MadePath(editor.viewer);
        editor.dialog.element.append(this.strip.element);
        editor.remember(video); // Cancel gives its widgets back as well
        editor.addEventListener("changed", () => this.show());
        editor.addEventListener("closed", () => this.dispose());
        video.spatiaReported = (report) => (this.showing = this.useReport(report).catch((error) => editor.say(error.message)));
        this.ended = new AbortController();
        this.listen();
        this.load();
    }

    listen() {
        const on = (type, act) => api.addEventListener(type, (event) => act(event.detail), { signal: this.ended.signal });
        const ours = (id) => String(id) === executionId(this.video);
        on("execution_start", () => this.working({ state: text("direct_starts"), share: 0 }));
        on("progress_text", ({ nodeId, text: state }) => ours(nodeId) && this.running && this.working({ state: state.split("\n")[0] }));
        on("progress_state", ({ nodes }) => {
            const mine = Object.entries(nodes ?? {}).find(([id, node]) => node.state === "running" && ours(id))?.[1];
            if (mine && this.running) this.working({ share: mine.max ? mine.value / mine.max : 0 });
        });
        on("b_preview", (blob) => this.running && this.strip.showPreview(blob));
        on("spatia.clip", ({ node }) => ours(node) && this.refreshListing());
        for (const type of ["execution_success", "execution_error", "execution_interrupted"]) on(type, () => this.finished());
    }

    value(name) {
        return widgetOf(this.video, name)?.value;
    }

    linked(name) {
        return isLinked(this.video, name);
    }

    /** New frames of the first clip and of later ones, as the last run cut them where the widgets leave that to the model. */
    get rounds() {
        const { first_frames, later_frames, history_frames } = numbersOf(this.video, this.facts?.lengths ?? RELEASE);
        const continued = this.linked("world") && (this.facts?.clips[0]?.line ?? 1) === 1;
        return clipRounds(first_frames, later_frames, history_frames, continued);
    }

    // --- what there is ---

    async load() {
        try {
            const report = this.video.spatiaReport ?? (await lastReport(this.video, "spatia_video"));
            if (report) await this.useReport(report);
            else await this.refreshListing();
        } catch (error) {
            this.editor.say(error.message);
        }
        this.looked = true;
    }

    async useReport(report) {
        const latest = this.loads.begin();
        const facts = await fetchFile(report.facts);
        if (this.ended.signal.aborted || !latest() || !facts) return;
        this.facts = JSON.parse(new TextDecoder().decode(facts));
        this.points = report.points;
        await this.editor.showPoints(report.points);
        if (this.ended.signal.aborted) return;
        await this.refreshListing();
        this.editor.refresh({ measure: true });
        if (this.running) {
            this.took = (performance.now() - this.running.began) / 1000;
            this.editor.goTo(this.editor.path.length - 1);
        }
        this.show();
    }

    /** The world and branch that the video is in; null where only a run can say it. */
    get place() {
        if (!this.linked("world")) return this.linked("name") ? null : { name: String(this.value("name")), branch: "main" };
        return this.facts && { name: this.facts.world, branch: this.facts.branch };
    }

    async refreshListing() {
        const { place } = this;
        const response = place && (await api.fetchApi(`/spatia/world?${new URLSearchParams(place)}`, { cache: "no-store" }));
        if (this.ended.signal.aborted) return;
        this.listing = response?.ok ? await response.json() : null;
        const poster = this.listing?.clips[0]?.poster;
        if (poster && !this.editor.hasMemory) this.editor.scene.showImage(viewUrl(poster));
        this.show();
    }

    /** What a run would make of the path as it is. Called whenever the path or a widget has changed. */
    show() {
        const { first, later } = this.rounds;
        const { path } = this.editor;
        if (!path) return;
        const made = new Map((this.listing?.clips ?? []).map((clip) => [clip.number, clip]));
        this.clips = planned({
            clips: clipsOf(path.length, first, later), prompts: String(this.value("prompts")), seeds: String(this.value("clip_seeds") ?? ""),
            seed: this.value("seed"), made, last: this.facts?.world === this.listing?.world ? this.facts : null, path,
        }); // prettier-ignore
        const kept = this.clips.filter((clip) => clip.state === "made");
        this.made.show(path.slice(0, kept.at(-1)?.to ?? 0));
        this.strip.show();
    }

    get status() {
        const again = this.clips.filter((clip) => clip.state === "again");
        const fresh = this.clips.filter((clip) => clip.state === "new");
        if (this.running) return this.running.state;
        const lines = [];
        if (again.length) lines.push(text("direct_again", { range: rangeOf(again) }));
        if (fresh.length) lines.push(text("direct_new", { count: fresh.length }));
        if (!lines.length) lines.push(text("direct_all_made"));
        if (this.took) lines.push(text("direct_took", { seconds: this.took.toFixed(1) }));
        return lines.join(" ");
    }

    // --- runs ---

    async generate() {
        if (this.clips.every((clip) => clip.state === "made") && this.facts) return this.editor.say(text("direct_all_made"));
        this.took = null;
        this.working({ state: text("direct_queued"), share: 0, began: performance.now() });
        const queued = await app.queuePrompt(0, 1);
        const refused = queueRefusal();
        if (refused || queued === false) {
            this.running = null;
            this.editor.say(refused ?? text("direct_refused"));
            this.show();
        }
    }

    stop() {
        api.interrupt(null);
    }

    working(change) {
        this.running = { began: performance.now(), ...this.running, ...change };
        this.strip.showRunning();
    }

    async finished() {
        // The report of the video comes before the end of the run, and takes a moment to be fetched and shown.
        await this.showing;
        this.running = null;
        await this.refreshListing().catch((error) => this.editor.say(error.message));
    }

    // --- changes ---

    /** One clip longer: the new frames stand in the last pose until a keyframe moves them. */
    addClip() {
        const { editor } = this;
        const { first, later } = this.rounds;
        if (!editor.editable || editor.executed || editor.problem) return editor.say(text("direct_path_linked"));
        if (!Number.isFinite(later)) return editor.say(text("direct_no_new_frames"));
        const { path } = editor;
        const frames = framesWithNext(path.length, first, later);
        editor.change((state) => Object.assign(state, lengthened(state, path, frames, editor.start, editor.unit)));
        editor.goTo(frames - 1);
        editor.say(text("direct_drive_on"));
    }

    setPrompt(clip, prompt) {
        const lines = withPrompt(String(this.value("prompts")), this.clips.at(-1).line, clip.line, prompt);
        if (lines) this.set("prompts", lines);
        this.show();
    }

    setSeed(clip, seed) {
        if (/^\d{1,20}$/.test(seed)) this.set("clip_seeds", withSeed(String(this.value("clip_seeds") ?? ""), clip.line, seed, this.value("seed")));
        this.show();
    }

    /** Another seed for a clip, and at once a run that makes it and those after it. */
    redo(clip) {
        this.setSeed(clip, String(Math.floor(Math.random() * 2 ** 48)));
        return this.generate();
    }

    /** The widgets as a take was made with; it is read from the world by the next run. */
    useTake(clip, take) {
        this.setPrompt(clip, take.prompt);
        this.setSeed(clip, take.seed);
        this.editor.say(text("direct_take_used", { number: clip.number }));
    }

    set(name, value) {
        setWidget(this.video, name, value);
        captureChange();
    }

    dispose() {
        this.ended.abort();
        this.video.spatiaReported = null;
        this.strip.dispose();
        this.made.dispose();
    }
}
