// How long the cloud editor's worker takes for a cloud of 2 M points, from the drop of a selection to what the page is
// sent, and how many bytes that is:
//
//     node --expose-gc benchmarks/edit_worker.mjs [points] [rounds]
//
// The worker is the page's own module, in a thread of its own; a sheet of the answers' bytes stands for the upload,
// which this cannot time without a graphics card. Medians over the rounds. On a machine with other work the time of a
// processor says more: it counts all threads, those that clear up memory too.
import { Worker, isMainThread, parentPort } from "node:worker_threads";

const [count, rounds] = [Number(process.argv[2] ?? 2_000_000), Number(process.argv[3] ?? 7)];
const camera = { w2c: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], intrinsics: [0.8, 1.42, 0.5, 0.5] };

/** A room's walls, floor and a ball, packed as the server sends it: see js/src/points.mjs. */
function packedRoom(n) {
    let state = 7;
    const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    const buffer = new ArrayBuffer(64 + 9 * n);
    const head = new DataView(buffer);
    [0x50545053, 1, n, n].forEach((value, k) => head.setUint32(4 * k, value, true));
    const [low, high] = [[-2, -1.5, 0.5], [2, 1, 4]]; // prettier-ignore
    low.forEach((value, axis) => head.setFloat64(16 + 8 * axis, value, true));
    high.forEach((value, axis) => head.setFloat64(40 + 8 * axis, value, true));
    const positions = new Uint16Array(buffer, 64, 3 * n);
    const colors = new Uint8Array(buffer, 64 + 6 * n, 3 * n);
    for (let p = 0; p < n; p++) {
        const kind = random();
        let at = [4 * random() - 2, 2.5 * random() - 1.5, 4];
        if (kind < 0.3) at = [4 * random() - 2, 1, 0.5 + 3.5 * random()];
        else if (kind < 0.35) {
            const [angle, height] = [2 * Math.PI * random(), 2 * random() - 1];
            const wide = Math.sqrt(1 - height ** 2);
            at = [0.4 * wide * Math.cos(angle), 0.6 + 0.4 * height, 2.2 + 0.4 * wide * Math.sin(angle)];
        } else if (kind < 0.5) at[0] = -2;
        at.forEach((value, axis) => (positions[3 * p + axis] = Math.round((65535 * (value - low[axis])) / (high[axis] - low[axis]))));
        for (let k = 0; k < 3; k++) colors[3 * p + k] = 256 * random();
    }
    return buffer;
}

const bytesOf = (value) =>
    ArrayBuffer.isView(value) ? value.byteLength : value && typeof value === "object" ? Object.values(value).reduce((sum, part) => sum + bytesOf(part), 0) : 0;

async function main() {
    const worker = new Worker(new URL(import.meta.url));
    const ask = (type, question) =>
        new Promise((resolve, reject) => {
            const [begin, used] = [performance.now(), process.cpuUsage()];
            worker.once("message", (answer) => {
                const { user, system } = process.cpuUsage(used);
                if (answer.type === "failed") reject(new Error(answer.message));
                else resolve({ answer, time: performance.now() - begin, cpu: (user + system) / 1000 });
            });
            worker.postMessage({ ...question, type });
        });
    await new Promise((resolve) => worker.once("message", resolve));
    const facts = { cameras: [camera], width: 1280, height: 720, voxel_size: 0.01, clip: [0] };
    const opened = await ask("scene", { points: packedRoom(count), views: new Int32Array(count).buffer, mask: null, other: null, inserted: [], facts });
    console.log(`${count} points; opened in ${opened.time.toFixed(0)} ms`);
    const ball = { shape: "sphere", center: [0, 0.6, 2.2], radius: 0.45 };
    const lasso = { shape: "lasso", frame: 0, points: [[0.3, 0.45], [0.7, 0.45], [0.7, 0.95], [0.3, 0.95]] }; // prettier-ignore
    const box = { shape: "box", center: [0, 0.6, 2.2], size: [0.9, 0.9, 0.9], rotation: [0, 20, 0] };
    const steps = {};
    const note = (name, { answer, time, cpu }) => {
        steps[name] ??= { times: [], cpus: [] };
        steps[name].times.push(time);
        steps[name].cpus.push(cpu);
        steps[name].bytes = bytesOf(answer.display);
    };
    for (let round = 0; round < rounds; round++) {
        // Another selection each time, so that nothing is remembered of the round before.
        const nudge = 1e-4 * round;
        for (const [name, select] of Object.entries({ sphere: { ...ball, radius: ball.radius + nudge }, box: { ...box, rotation: [0, 20 + nudge, 0] },
            lasso: { ...lasso, points: lasso.points.map(([u, v]) => [u + nudge, v]) } })) { // prettier-ignore
            const edits = [{ do: "remove", select }];
            await ask("replay", { taken: [], edits: [], selection: null, current: -1, before: false });
            note(`${name}: select`, await ask("replay", { taken: [], edits: [], selection: select, current: -1, before: false }));
            note(`${name}: remove`, await ask("replay", { taken: [], edits, selection: null, current: 0, before: false }));
            note(`${name}: undo`, await ask("replay", { taken: [], edits: [], selection: select, current: -1, before: false }));
            note(`${name}: remove at once`, await ask("replay", { taken: [], edits: [{ do: "remove", select: { ...select, invert: false, nudge } }], selection: null, current: 0, before: false }));
        }
        const moved = { do: "transform", select: ball, move: [nudge, 0, 0] };
        await ask("replay", { taken: [], edits: [moved], selection: null, current: 0, before: false });
        note("transform: a step of a drag", await ask("replay", { taken: [], edits: [{ ...moved, move: [nudge, 0.1, 0] }], selection: null, current: 0, before: false }));
        const painted = { do: "recolor", select: ball, color: "#00ff00" };
        await ask("replay", { taken: [], edits: [painted], selection: null, current: 0, before: false });
        note("recolor: another colour", await ask("replay", { taken: [], edits: [{ ...painted, color: "#0000ff" }], selection: null, current: 0, before: false }));
    }
    const middle = (values) => values.toSorted((a, b) => a - b)[values.length >> 1].toFixed(0).padStart(5);
    for (const [name, { times, cpus, bytes }] of Object.entries(steps)) {
        console.log(`${name.padEnd(28)} ${middle(times)} ms, of a processor ${middle(cpus)} ms   ${(bytes / 1e6).toFixed(1).padStart(5)} MB to the page`);
    }
    const { answer: kept } = await ask("replay", { taken: [], edits: [{ do: "remove", select: ball }], selection: null, current: 0, before: false });
    const { answer: held } = await ask("memory", {});
    console.log(`memory of the worker: ${(kept.bytes / 1e6).toFixed(0)} MB told to the user, ${(held.bytes / 1e6).toFixed(0)} MB measured`);
    await worker.terminate();
}

if (isMainThread) await main();
else {
    globalThis.self = globalThis;
    globalThis.postMessage = (message, moved) => parentPort.postMessage(message, moved);
    await import("../js/src/edit_worker.mjs");
    const held = () => {
        globalThis.gc?.();
        parentPort.postMessage({ type: "memory", bytes: process.memoryUsage().arrayBuffers });
    };
    parentPort.on("message", (data) => (data.type === "memory" ? held() : globalThis.onmessage({ data })));
    parentPort.postMessage({ type: "ready" });
}
