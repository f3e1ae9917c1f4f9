// The page's side of worker.mjs: one worker per editor, answers as promises and callbacks.
import { worldPositions } from "./points.mjs";

export class Analyst {
    constructor() {
        this.worker = new Worker(new URL("./spatia-worker.mjs", import.meta.url), { type: "module" });
        this.jobs = 0;
        this.waiting = new Map();
        this.worker.onmessage = ({ data }) => this.receive(data);
        this.worker.onerror = (event) => this.failed?.(event.message);
    }

    dispose() {
        this.worker.terminate();
    }

    /** The scene to measure, null for none. depth: scene units, that of the subject. */
    setCloud(cloud, depth) {
        if (!cloud) return this.worker.postMessage({ type: "cloud" });
        const positions = worldPositions(cloud);
        const colors = cloud.colors.slice();
        this.worker.postMessage({ type: "cloud", positions, colors, depth }, [positions.buffer, colors.buffer]);
    }

    /** Measures a path; onCoverage(frame, share) and onWarnings(list) are called as results come, until the next call. */
    preflight(request, onCoverage, onWarnings) {
        this.measured = { job: ++this.jobs, onCoverage, onWarnings };
        this.worker.postMessage({ type: "preflight", job: this.jobs, ...request });
    }

    preview(request) {
        return this.ask({ type: "preview", ...request });
    }

    ground(places, depth) {
        return this.ask({ type: "ground", places, depth }).then((answer) => answer.heights);
    }

    ask(request) {
        const job = ++this.jobs;
        return new Promise((resolve, reject) => {
            this.waiting.set(job, { resolve, reject });
            this.worker.postMessage({ ...request, job });
        });
    }

    receive(data) {
        const asked = this.waiting.get(data.job);
        if (asked) {
            this.waiting.delete(data.job);
            if (data.type === "failed") asked.reject(new Error(data.message));
            else asked.resolve(data);
        } else if (data.job === this.measured?.job) {
            if (data.type === "coverage") this.measured.onCoverage(data.frame, data.coverage);
            else if (data.type === "warnings") this.measured.onWarnings(data.warnings);
            else this.failed?.(data.message);
        }
    }
}
