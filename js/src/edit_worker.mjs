// Runs beside the page, so that a selection among millions of points never holds up the mouse.
//
//   in   {type: "scene", job, points, views, mask, other, inserted: [{name, points}], facts}    buffers as the server packs them
//        {type: "replay", job, edits, selection, taken, current, before}    before: show the scene without edits
//                                                                    taken: [{shape, hidden}], what is out of the way
//        {type: "preview", job, camera, width, height, options, unmarked}      of what was shown last; unmarked: without what
//                                                                    the current edit changed or added
//        {type: "pick", job, camera, width, height, places, size}    the front point near each of these pixels
//        {type: "plane", job, point, distance}                       the plane that fits the points there
//        {type: "lasso", job, selection, camera}                     the image size at which its front surface has no holes
//   out  {type: the same, job, ...}, {type: "failed", job, message}
import { Replay, subset } from "./edit_cloud.mjs";
import { FIT_REACH, boundsOf, countOf, fittedPlane, select, sizeOf, takenBy } from "./edit_select.mjs";
import { HIDDEN, LOCKED, displayed, lassoSize, pickPoints } from "./edit_view.mjs";
import { decodePoints, worldPositions } from "./points.mjs";
import { drawSoft } from "./render.mjs";

let replay = null;
let total = 0; // points of the whole cloud, of which a part may be shown
let shown = null; // the cloud on the screen
let last = null; // what the last replay gave
let out = null; // mask of what is out of the way in the cloud on the screen
let away = { key: "", mask: null, hidden: 0, locked: 0 }; // of its points: HIDDEN, LOCKED, or 0
let sheet = {}; // of a cloud, that the page has on its screen

function cloudOf(points, views) {
    const decoded = decodePoints(points);
    const n = decoded.count;
    return { positions: worldPositions(decoded), colors: decoded.colors.slice(), views: views ? new Int32Array(views) : new Int32Array(n).fill(-1) };
}

/** What is out of the way in the cloud that these edits made. */
function awayOf(cloud, edits, taken) {
    const key = JSON.stringify([edits, taken]);
    if (away.key === key) return away;
    if (!taken.length) return { key, mask: null, hidden: 0, locked: 0 };
    const kinds = [0, ...taken.map(({ hidden }) => (hidden ? HIDDEN : LOCKED))];
    const shapes = taken.map(({ shape }) => shape);
    const by = takenBy(cloud, shapes, replay.scene);
    const mask = new Uint8Array(by.length);
    const counts = [0, 0, 0];
    for (let p = 0; p < by.length; p++) counts[(mask[p] = kinds[by[p]])]++;
    return { key, mask, hidden: counts[HIDDEN], locked: counts[LOCKED] };
}

const HANDLERS = {
    scene({ points, views, mask, other, inserted, facts }) {
        const base = cloudOf(points, views);
        total = decodePoints(points).total;
        away = { ...away, key: "" };
        replay = new Replay(base, {
            cameras: facts.cameras, width: facts.width, height: facts.height, voxel: facts.voxel_size, clip: facts.clip,
            mask: mask && { height: facts.mask[0], width: facts.mask[1], data: new Uint8Array(mask) },
            other: other && cloudOf(other), files: Object.fromEntries(inserted.map((file) => [file.name, cloudOf(file.points)])),
        }); // prettier-ignore
        return [{ points: sizeOf(base), total, bounds: boundsOf(base.positions) }];
    },
    replay({ edits, selection, taken, current, before }) {
        last = replay.run(edits, { selection, current });
        shown = before ? replay.base : last.cloud;
        away = awayOf(last.cloud, edits, taken);
        const { counts, failures, bounds } = last;
        const selected = last.selected ? { count: countOf(last.selected), bounds: boundsOf(last.cloud.positions, last.selected) } : null;
        out = before ? null : away.mask;
        const display = displayed(shown, before ? null : last.selected, total, sheet, out);
        sheet = shown.sheet;
        const { hidden, locked } = away;
        const answer = { counts, failures, bounds, selected, hidden, locked, points: sizeOf(last.cloud), display, bytes: replay.bytes(last) };
        return [answer, [display.states, display.positions, display.colors].filter(Boolean).map((array) => array.buffer)];
    },
    preview({ camera, width, height, options, unmarked }) {
        const { pixels, coverage } = drawSoft(unmarked ? subset(shown, shown.marks, 0) : shown, camera, width, height, options);
        return [{ pixels, width, height, coverage }, [pixels.buffer]];
    },
    pick: ({ camera, width, height, places, size }) => [{ points: pickPoints(shown, camera, width, height, places, { away: out, size }) }],
    plane({ point, distance }) {
        const there = away.mask ? subset(last.cloud, away.mask, 0) : last.cloud;
        return [fittedPlane(there.positions, point, FIT_REACH * distance)];
    },
    lasso({ selection, camera }) {
        const { cloud } = last;
        const inside = select(cloud, { ...selection, through: true }, replay.scene);
        return [{ size: lassoSize(cloud.positions, inside, camera, replay.scene.voxel) }];
    },
};

self.onmessage = ({ data }) => {
    try {
        const [answer, moved = []] = HANDLERS[data.type](data);
        postMessage({ type: data.type, job: data.job, ...answer }, moved);
    } catch (error) {
        sheet = {}; // what did not arrive is sent again
        postMessage({ type: "failed", job: data.job, message: error.message });
    }
};
