// The page's side of edit_worker.mjs: one worker per editor, answers as promises.

export class EditAnalyst {
    constructor() {
        this.worker = new Worker(new URL("./spatia-edit-worker.mjs", import.meta.url), { type: "module" });
        this.jobs = 0;
        this.waiting = new Map();
        this.worker.onmessage = ({ data }) => {
            const { resolve, reject } = this.waiting.get(data.job);
            this.waiting.delete(data.job);
            if (data.type === "failed") reject(new Error(data.message));
            else resolve(data);
        };
        this.worker.onerror = (event) => {
            for (const { reject } of this.waiting.values()) reject(new Error(event.message));
            this.waiting.clear();
        };
    }

    /** A question of edit_worker.mjs and its answer. moved: buffers that go over to the worker. */
    ask(type, question = {}, moved = []) {
        const job = ++this.jobs;
        return new Promise((resolve, reject) => {
            this.waiting.set(job, { resolve, reject });
            this.worker.postMessage({ ...question, type, job }, moved);
        });
    }

    dispose() {
        this.worker.terminate();
    }
}
