// Runs beside the page, so that measuring a path never holds up the mouse.
//
//   in   {type: "cloud", positions, colors, depth}
//        {type: "preflight", job, path, width, height, options, loop, depth}   a new one replaces the one at work
//        {type: "preview", job, camera, width, height, options}
//        {type: "ground", job, places, depth}
//        {type: "pick", job, camera, width, height, u, v}            the front point near a pixel
//   out  {type: "coverage", job, frame, coverage}, {type: "warnings", job, warnings}, {type: "preview", job, pixels, ...},
//        {type: "ground", job, heights}, {type: "pick", job, point}, {type: "failed", job, message}
import { pickPoint } from "./edit_view.mjs";
import { Occupancy, coarseToFine, groundBelow, warningsOf } from "./preflight.mjs";
import { drawSoft } from "./render.mjs";

let cloud = null;
let occupancy = null;
let current = null; // the preflight at work

const pause = () => new Promise((resolve) => setTimeout(resolve));

async function preflight({ job, path, width, height, options, loop, depth }) {
    current = job;
    await pause();
    const coverage = new Array(path.length);
    const report = () => postMessage({ type: "warnings", job, warnings: warningsOf(path, { occupancy, coverage, loop, depth }) });
    report();
    if (!cloud) return;
    let rested = performance.now();
    for (const frame of coarseToFine(path.length)) {
        if (performance.now() - rested > 20) {
            await pause();
            rested = performance.now();
        }
        if (current !== job) return;
        coverage[frame] = drawSoft(cloud, path[frame], width, height, { ...options, image: false }).coverage;
        postMessage({ type: "coverage", job, frame, coverage: coverage[frame] });
    }
    report();
}

const HANDLERS = {
    cloud({ positions, colors, depth }) {
        cloud = positions && { positions, colors };
        occupancy = positions && new Occupancy(positions, depth);
    },
    preflight,
    preview({ job, camera, width, height, options }) {
        const empty = { positions: new Float32Array(), colors: new Uint8Array() };
        const { pixels, coverage } = drawSoft(cloud ?? empty, camera, width, height, options);
        postMessage({ type: "preview", job, pixels, width, height, coverage }, { transfer: [pixels.buffer] });
    },
    pick({ job, camera, width, height, u, v }) {
        postMessage({ type: "pick", job, point: cloud && pickPoint(cloud, camera, width, height, u, v) });
    },
    ground({ job, places, depth }) {
        postMessage({ type: "ground", job, heights: places.map((place) => (cloud ? groundBelow(cloud.positions, place, depth) : null)) });
    },
};

self.onmessage = async ({ data }) => {
    try {
        await HANDLERS[data.type](data);
    } catch (error) {
        postMessage({ type: "failed", job: data.job, message: error.message });
    }
};
