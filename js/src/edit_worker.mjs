// Runs beside the page, so that a selection among millions of points never holds up the mouse.
//
//   in   {type: "scene", job, points, views, mask, other, inserted: [{name, points}], facts}    buffers as the server packs them
//        {type: "replay", job, edits, selection, current, before}    before: show the scene without edits
//        {type: "preview", job, camera, width, height, options, unmarked}      of what was shown last; unmarked: without what
//                                                                    the current edit changed or added
//        {type: "pick", job, camera, width, height, u, v}            the front point near a pixel
//        {type: "plane", job, point, distance}                       the plane that fits the points there
//        {type: "lasso", job, selection}                             the image size at which its front surface has no holes
//   out  {type: the same, job, ...}, {type: "failed", job, message}
import { Replay, subset } from "./edit_cloud.mjs";
import { FIT_REACH, boundsOf, countOf, fittedPlane, select, sizeOf } from "./edit_select.mjs";
import { displayed, lassoSize, pickPoint } from "./edit_view.mjs";
import { decodePoints, worldPositions } from "./points.mjs";
import { drawSoft } from "./render.mjs";

let replay = null;
let total = 0; // points of the whole cloud, of which a part may be shown
let shown = null; // the cloud on the screen
let last = null; // what the last replay gave
let sheet = {}; // of a cloud, that the page has on its screen

function cloudOf(points, views) {
    const decoded = decodePoints(points);
    const n = decoded.count;
    return { positions: worldPositions(decoded), colors: decoded.colors.slice(), views: views ? new Int32Array(views) : new Int32Array(n).fill(-1) };
}

const HANDLERS = {
    scene({ points, views, mask, other, inserted, facts }) {
        const base = cloudOf(points, views);
        total = decodePoints(points).total;
        replay = new Replay(base, {
            cameras: facts.cameras, width: facts.width, height: facts.height, voxel: facts.voxel_size, clip: facts.clip,
            mask: mask && { height: facts.mask[0], width: facts.mask[1], data: new Uint8Array(mask) },
            other: other && cloudOf(other), files: Object.fromEntries(inserted.map((file) => [file.name, cloudOf(file.points)])),
        }); // prettier-ignore
        return [{ points: sizeOf(base), total, bounds: boundsOf(base.positions) }];
    },
    replay({ edits, selection, current, before }) {
        last = replay.run(edits, { selection, current });
        shown = before ? replay.base : last.cloud;
        const { counts, failures, bounds } = last;
        const selected = last.selected ? { count: countOf(last.selected), bounds: boundsOf(last.cloud.positions, last.selected) } : null;
        const display = displayed(shown, before ? null : last.selected, total, sheet);
        sheet = shown.sheet;
        const answer = { counts, failures, bounds, selected, points: sizeOf(last.cloud), display, bytes: replay.bytes(last) };
        return [answer, [display.states, display.positions, display.colors].filter(Boolean).map((array) => array.buffer)];
    },
    preview({ camera, width, height, options, unmarked }) {
        const { pixels, coverage } = drawSoft(unmarked ? subset(shown, shown.marks, 0) : shown, camera, width, height, options);
        return [{ pixels, width, height, coverage }, [pixels.buffer]];
    },
    pick: ({ camera, width, height, u, v }) => [{ point: pickPoint(shown, camera, width, height, u, v) }],
    plane: ({ point, distance }) => [fittedPlane(last.cloud.positions, point, FIT_REACH * distance)],
    lasso({ selection }) {
        const { cloud } = last;
        const inside = select(cloud, { ...selection, through: true }, replay.scene);
        return [{ size: lassoSize(cloud.positions, inside, selection.camera, replay.scene.voxel) }];
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
