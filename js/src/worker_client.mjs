// The page's side of a worker: one worker per editor, answers as promises, progress as calls.

export class WorkerClient {
    /** @param {string} file beside the bundle @param {(message: string) => void} failed told of what nobody waits for */
    constructor(file, failed) {
        this.worker = new Worker(new URL(`./${file}`, import.meta.url), { type: "module" });
        this.failed = failed;
        this.jobs = 0;
        this.waiting = new Map();
        this.followed = null;
        this.worker.onmessage = ({ data }) => this.receive(data);
        this.worker.onerror = (event) => {
            if (!this.waiting.size) this.failed(event.message);
            for (const { reject } of this.waiting.values()) reject(new Error(event.message));
            this.waiting.clear();
        };
    }

    /** Tells the worker what has no answer. moved: buffers that go over to it. */
    tell(type, message = {}, moved = []) {
        this.worker.postMessage({ ...message, type }, moved);
    }

    /** A question and its one answer. moved: buffers that go over to the worker. */
    ask(type, question = {}, moved = []) {
        const job = ++this.jobs;
        return new Promise((resolve, reject) => {
            this.waiting.set(job, { resolve, reject });
            this.worker.postMessage({ ...question, type, job }, moved);
        });
    }

    /** A question whose answers come one by one: heard[type](answer) for each, until the next question of this kind. */
    follow(type, question, heard) {
        const job = ++this.jobs;
        this.followed = { job, heard };
        this.worker.postMessage({ ...question, type, job });
    }

    receive(data) {
        const asked = this.waiting.get(data.job);
        if (asked) {
            this.waiting.delete(data.job);
            if (data.type === "failed") asked.reject(new Error(data.message));
            else asked.resolve(data);
        } else if (data.job === this.followed?.job && data.type !== "failed") this.followed.heard[data.type](data);
        else if (data.type === "failed") this.failed(data.message);
    }

    dispose() {
        this.worker.terminate();
    }
}
