// Making a video clip by clip from the camera path editor: what Spatia Video behind the path has made, and its next run.
// All it does are values of widgets and ordinary runs of the workflow, so that the saved workflow makes the same video.
import { clipRounds } from "./clips.mjs";
import { clipsOf, firstDifference, framesWithNext, planned, widgetsOf, withPrompt, withSeed } from "./clip_plan.mjs";
import { ClipStrip } from "./clip_strip.mjs";
import { Latest } from "./dom.mjs";
import { RELEASE, allNodes, numbersOf, sourceOf } from "./graph.mjs";
import { PREVIEWS, api, app, executionId, fetchFile, isLinked, lastReport, runWorkflow, saveSetting, setting, setWidget, viewUrl, widgetOf } from "./host.mjs";
import { cutAfter, lengthened } from "./longer_path.mjs";
import { MadeClips } from "./made_clips.mjs";
import { madeOtherwise } from "./made_otherwise.mjs";
import { MadePath } from "./made_path.mjs";
import { text } from "./texts.mjs";
import { VideoWorld } from "./video_world.mjs";
import { pathOfWidgets } from "./widget_path.mjs";

const root = () => app.rootGraph ?? app.graph;
// Widgets of the video that the editor sets, and its undo brings back: those with lines for clips, and those that hold for all.
const SETTINGS = ["path", "negative", "steps", "cfg", "lora", "depth_source", "radius", "max_references", "threshold", "every", "candidate_every", "keyframe_every"]; // prettier-ignore
const KEPT = ["prompts", "clip_seeds", ...SETTINGS];

const rangeOf = (clips) => (clips.length > 1 ? `${clips[0].number} – ${clips.at(-1).number}` : clips[0].number);

/** A director for the editor of the path that a Spatia Video films; null for other paths. */
export function directorOf(editor) {
    const video = [...allNodes(root())].find((node) => node.comfyClass === "SpatiaVideo" && givesCameras(node) === editor.node);
    return video ? new Director(editor, video) : null;
}

/** The Camera Path node whose path a Spatia Video films. Throws where another node gives the path. */
export function pathNodeOf(video) {
    const node = givesCameras(video);
    if (node?.comfyClass !== "SpatiaCameraPath") throw new Error(text("direct_no_path"));
    return node;
}

const givesCameras = (video) => sourceOf(root(), video, "cameras");

class Director {
    constructor(editor, video) {
        this.editor = editor;
        this.video = video;
        this.facts = null; // of the last run
        this.points = null;
        this.world = new VideoWorld(video);
        this.tree = new MadeClips(null);
        this.filmed = new Map(); // of paths that clips were made along
        this.prompt = null; // the workflow as it is queued
        this.clips = [];
        this.lost = null; // what a server that ended took with it
        this.running = null; // {state, share, preview, began}
        this.player = null; // over the view: {close}
        this.loads = new Latest();
        this.strip = new ClipStrip(this);
        this.made = new MadePath(editor.viewer);
        editor.dialog.element.append(this.strip.element);
        // Cancel gives their widgets back as well.
        for (const node of [video, this.world.open].filter(Boolean)) editor.remember(node);
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
        on("b_preview_with_metadata", ({ blob, nodeId }) => ours(nodeId) && this.running && this.strip.showPreview(blob));
        on("spatia.clip", ({ node }) => ours(node) && this.refreshListing());
        for (const type of ["execution_success", "execution_error", "execution_interrupted"]) on(type, () => this.finished());
        on("reconnecting", () => this.running && this.working({ state: text("direct_server_gone") }));
        on("reconnected", () => this.running && this.returned().catch((error) => this.editor.say(error.message)));
    }

    value(name) {
        return widgetOf(this.video, name)?.value;
    }

    linked(name) {
        return isLinked(this.video, name);
    }

    /** New frames of the first clip and of later ones, as the last run cut them where the widgets leave that to the model. */
    get rounds() {
        const { first_frames, later_frames, history_frames } = numbersOf(this.video, this.facts?.lengths ?? RELEASE, root());
        return clipRounds(first_frames, later_frames, history_frames, this.base !== 1);
    }

    /** Number in the world of the path's first clip. */
    get base() {
        const told = this.facts?.world === this.tree.world ? this.facts : null;
        return this.world.base(told, this.tree, this.editor.path?.length ?? 1);
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
        if (this.ended.signal.aborted || !latest()) return;
        if (!facts) return this.refreshListing(); // of a server that has ended since: what it made is in the world
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

    async refreshListing() {
        const place = this.world.place(this.facts);
        const response = place && (await api.fetchApi(`/spatia/world?${new URLSearchParams(place)}`, { cache: "no-store" }));
        const listing = response?.ok ? await response.json() : null;
        // A node that cannot be queued as it is has its own message; then only widgets are compared.
        this.prompt = await app.graphToPrompt().then(({ output }) => output, () => null); // prettier-ignore
        if (this.ended.signal.aborted) return;
        this.tree = new MadeClips(listing);
        const poster = this.tree.chain[0]?.poster;
        if (poster && !this.editor.hasMemory) this.editor.scene.showImage(viewUrl(poster));
        this.show();
    }

    /** The path that a clip of the world was made along; null where that is not known. */
    pathOf(clip) {
        const { editor, filmed } = this;
        const widgets = this.tree.pathOf(clip);
        if (!widgets) return null;
        // It depends on where the path begins, too.
        const memory = editor.reported ? editor.facts : null;
        const key = JSON.stringify([clip.path, memory?.start, memory?.first, memory?.scene_depth]);
        if (!filmed.has(key)) filmed.set(key, pathOfWidgets(widgets, memory));
        return filmed.get(key);
    }

    /** Names of what a clip of the world was made with otherwise, but for its prompt, its seed and its path. */
    otherwise(clip) {
        // The image of a world that is connected is no matter of this node.
        if (clip.parent === null && this.world.connected) return [];
        const names = [...SETTINGS, "voxel_size"].filter((name) => widgetOf(this.video, name) && !this.linked(name));
        const values = Object.fromEntries(names.map((name) => [name, this.value(name)]));
        return madeOtherwise(clip, this.tree, values, this.prompt, executionId(this.video));
    }

    /** What a run would make of the path as it is. Called whenever the path or a widget has changed. */
    show() {
        const { first, later } = this.rounds;
        const { path } = this.editor;
        if (!path) return;
        this.clips = planned({
            clips: clipsOf(path.length, first, later), prompts: String(this.value("prompts")), seeds: String(this.value("clip_seeds") ?? ""),
            seed: this.value("seed"), tree: this.tree, base: this.base, filmed: (clip) => this.pathOf(clip),
            last: this.facts?.world === this.tree.world ? this.facts : null, path, otherwise: (clip) => this.otherwise(clip),
        }); // prettier-ignore
        const kept = this.clips.filter((clip) => clip.state === "made");
        this.made.show(path.slice(0, kept.at(-1)?.to ?? 0));
        this.strip.show();
    }

    get status() {
        const again = this.clips.filter((clip) => clip.state === "again");
        const fresh = this.clips.filter((clip) => clip.state === "new");
        if (this.running) return this.running.state;
        const lines = this.lost ? [this.lost] : [];
        if (again.length) lines.push(text("direct_again", { range: rangeOf(again) }));
        if (fresh.length) lines.push(text("direct_new", { count: fresh.length }));
        if (!again.length && !fresh.length) lines.push(text(this.answered ? "direct_all_made" : "direct_all_there"));
        if (this.took) lines.push(text("direct_took", { seconds: this.took.toFixed(1) }));
        return lines.join(" ");
    }

    // --- runs ---

    /** Whether the video that the last run gave on is the one of the strip, so that a run would change nothing. */
    get answered() {
        const last = this.clips.at(-1);
        return last?.state === "made" && this.facts?.clip === last.known.id && this.facts.world === this.tree.world;
    }

    async generate() {
        if (this.running) return;
        if (this.answered) return this.editor.say(text("direct_all_made"));
        this.took = this.lost = null;
        const first = this.clips.find((clip) => clip.state !== "made")?.number ?? null;
        const stood = this.world.stand(this.base, first, Math.max(0, this.tree.chain.length - 1));
        if (stood !== null) this.editor.say(text("direct_stands", { number: stood }));
        this.working({ state: text("direct_queued"), share: 0, began: performance.now() });
        const refused = await runWorkflow(this.previews);
        if (refused === null) return;
        this.running = null;
        this.editor.say(refused || text("direct_refused"));
        this.show();
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

    /** The server answers again. A run that it has no longer, it has lost: a clip is written when it is whole. */
    async returned() {
        const response = await api.fetchApi("/queue");
        const { queue_running = [], queue_pending = [] } = response.ok ? await response.json() : {};
        if (queue_running.length + queue_pending.length) return;
        const report = await lastReport(this.video, "spatia_video");
        if (report) await this.useReport(report); // it was away for a moment only, and the run ended meanwhile
        await this.refreshListing();
        const next = this.clips.find((clip) => clip.state !== "made");
        this.lost = !report && next ? text("direct_lost", { number: next.number }) : null;
        this.running = null;
        this.show();
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
        const lines = withPrompt(String(this.value("prompts")), this.clips.length, clip.line, prompt);
        if (lines) this.set({ prompts: lines });
    }

    setSeed(clip, seed) {
        if (!/^\d{1,20}$/.test(seed)) return this.show();
        this.set({ clip_seeds: withSeed(String(this.value("clip_seeds") ?? ""), clip.line, seed, this.value("seed")) });
    }

    /** Another seed for a clip, and at once a run that makes it and those after it. */
    redo(clip) {
        if (this.running) return;
        this.setSeed(clip, String(Math.floor(Math.random() * 2 ** 48)));
        return this.generate();
    }

    /** The path ends with this clip, as do the lines for clips; what was made after it stays in the world as a branch. */
    endWith(clip) {
        const { editor } = this;
        if (!editor.editable || editor.executed || editor.problem) return editor.say(text("direct_path_linked"));
        const kept = this.clips.slice(0, clip.line);
        editor.change((state) => Object.assign(state, cutAfter(state, editor.path, clip.to, editor.start, editor.unit)), { settled: false });
        this.set(widgetsOf(kept, this.value("seed")));
        this.settle();
        editor.goTo(clip.to - 1);
    }

    /** Another way on from the end of this clip, whose first clip stands in its last pose. */
    branchAfter(clip) {
        this.endWith(clip);
        if (this.clips.length === clip.line) this.addClip();
    }

    /** The widgets as a take was made with. Made alike, the clips after it keep theirs; else its whole branch comes. */
    useTake(clip, take) {
        const along = this.pathOf(take);
        if ((along && firstDifference(this.editor.path, along) < clip.to) || this.otherwise(take).length) return this.useBranch(take.branches[0]);
        this.useClips([...this.ofPath(take), ...this.clips.slice(clip.line)], null);
        this.editor.say(text("direct_take_used", { number: clip.number }));
    }

    /** The widgets as a branch of the world was made with. */
    useBranch(name) {
        const clips = this.tree.branch(name);
        const end = clips.at(-1);
        const path = this.tree.pathOf(end);
        if (clips.length <= this.base || clips[this.base - 1].id !== this.tree.chain[this.base - 1]?.id)
            return this.editor.say(text("direct_other_beginning", { name }));
        if (!path) return this.editor.say(text("direct_path_unknown", { name }));
        this.useClips(this.ofPath(end), path, end.settings);
        const names = this.otherwise(end).join(", ");
        this.editor.say(text(names ? "direct_branch_otherwise" : "direct_branch_used", { name, names }));
    }

    /** The clips of the path that lead to one of the world. */
    ofPath(clip) {
        return this.tree.leadingTo(clip).slice(this.base);
    }

    /**
     * Prompts and seeds of these clips, the path's in order. widgets: of the path that they were made along, null for as it is;
     * settings: of the video, of which those are set that say otherwise.
     */
    useClips(clips, widgets, settings = {}) {
        const { editor } = this;
        editor.begin();
        for (const [name, value] of Object.entries(widgets ?? {}))
            if (widgetOf(editor.node, name) && !isLinked(editor.node, name)) setWidget(editor.node, name, value);
        editor.read();
        const unlike = clips.length ? this.otherwise(clips.at(-1)).filter((name) => SETTINGS.includes(name)) : [];
        this.set({ ...widgetsOf(clips, this.value("seed")), ...Object.fromEntries(unlike.map((name) => [name, settings[name]])) });
        this.settle();
    }

    /** Sets widgets of the video; alone, or as part of a change that has begun. */
    set(values) {
        const { editor } = this;
        const alone = editor.unsettled === null;
        editor.begin();
        for (const [name, value] of Object.entries(values)) if (!this.linked(name)) setWidget(this.video, name, value);
        if (!alone) return;
        editor.settle();
        editor.refresh();
    }

    settle() {
        this.editor.settle();
        this.editor.refresh({ measure: true });
    }

    /** What the editor's undo brings back of the video. */
    get kept() {
        return Object.fromEntries(KEPT.map((name) => [name, this.value(name)]));
    }

    recall(kept) {
        for (const name of KEPT) if (!this.linked(name)) setWidget(this.video, name, kept[name]);
    }

    get previews() {
        return Boolean(setting(PREVIEWS));
    }

    set previews(wished) {
        saveSetting(PREVIEWS, wished);
    }

    dispose() {
        this.ended.abort();
        this.video.spatiaReported = null;
        this.strip.dispose();
        this.made.dispose();
    }
}
