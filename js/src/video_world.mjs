// Which world a Spatia Video goes on with, and at which of its clips: what its widgets, or those of Open World before it, say.
import { app, captureChange, isLinked, setWidget, widgetOf } from "./host.mjs";
import { sourceOf } from "./graph.mjs";

const LAST = -1; // of Open World's clip: the branch's last, whichever that is when it runs
const BY_NAME = "<the name above>"; // of Open World's list of worlds: the name of its own widget
const FIT = "fit to the scene"; // of Spatia Video's path
const OPENING = ["name", "branch", "clip", "world", "new_branch_after"];

export class VideoWorld {
    constructor(video) {
        this.video = video;
    }

    get connected() {
        return isLinked(this.video, "world");
    }

    /** The Open World node before the video, whose widgets say all; null without one. */
    get open() {
        const node = this.connected ? sourceOf(app.rootGraph ?? app.graph, this.video, "world") : null;
        if (node?.comfyClass !== "SpatiaOpenWorld" || OPENING.some((name) => isLinked(node, name))) return null;
        // Where a branch that is new begins, only a run can say.
        return widgetOf(node, "clip").value === LAST && (widgetOf(node, "new_branch_after")?.value ?? LAST) !== LAST ? null : node;
    }

    /** {name, branch}; null where only a run can say it. facts: of the last run. */
    place(facts) {
        if (!this.connected) return isLinked(this.video, "name") ? null : { name: String(widgetOf(this.video, "name").value), branch: "main" };
        const { open } = this;
        if (!open) return facts && { name: facts.world, branch: facts.branch };
        const [name, branch, world] = ["name", "branch", "world"].map((one) => widgetOf(open, one)?.value);
        return { name: String(world && world !== BY_NAME ? world : name), branch: String(branch) };
    }

    /**
     * Number in the world of the clip that the path's first frames become. made: MadeClips of the place; frames: of the path.
     */
    base(facts, made, frames) {
        if (!this.connected) return 1;
        // What it said of another beginning says nothing of this one.
        const told = facts?.clips[0] && facts.continued === this.connected ? facts.clips[0].number - facts.clips[0].line + 1 : null;
        const { opened } = this;
        if (opened === null) return told ?? 1;
        const at = opened === LAST ? Math.max(0, made.chain.length - 1) : opened;
        if (this.fitted) return opened === LAST && told !== null ? told : at + 1;
        // A path in the scene's units may be the whole video's, which is longer than what is there.
        const there = made.chain.slice(0, at + 1).reduce((sum, one) => sum + one.frames, 0);
        return told ?? (frames > there ? 1 : at + 1);
    }

    /** What Open World's clip says; null where nothing says it. */
    get opened() {
        const { open } = this;
        return open && widgetOf(open, "clip").value;
    }

    get fitted() {
        return widgetOf(this.video, "path")?.value === FIT;
    }

    /**
     * Open World is set to stand where a run makes what it is to make. At its last clip, whichever that is, every run would
     * film the path once more; and what comes before the clip that it stands at cannot be made again.
     * base: number of the path's first clip; first: of the first one that is to be made; last: of the world's.
     * Returns the number that it was set to, null where it stays.
     */
    stand(base, first, last) {
        const { open, opened } = this;
        if (!open) return null;
        const at = opened === LAST ? last : opened;
        const whole = base === 1 && !this.fitted;
        const wish = whole ? (first !== null && first <= at ? first - 1 : opened) : opened === LAST ? base - 1 : opened;
        if (wish === opened) return null;
        setWidget(open, "clip", wish);
        captureChange();
        return wish;
    }
}
