// Selecting an object in the cloud editor by a mask of one of the memory's frames: the host's SAM 3 makes it of a click, or it
// is a picture. What the edits keep is the mask's outline, as a lasso through that frame's camera.
import { api, app, executionId, fetchFile } from "./host.mjs";
import { outlineOfMask } from "./mask_outline.mjs";
import { text } from "./texts.mjs";

const WEIGHTS = "sam3.1_multiplex_fp16.safetensors"; // as the host's own templates name them
const [LOADER, DETECTOR] = ["CheckpointLoaderSimple", "SAM3_Detect"];
const POLL = 500; // milliseconds between looks for the end of the run
const LOOKED_AT = 24; // frames, the nearest ones, that are asked whether they see a point
const LARGEST = 2048; // pixels of a mask's longer side
const SHAPE_SLACK = 0.02; // of the ratio of a picture's sides, as the node allows it

export class CloudObjects {
    /** @param {import("./cloud_editor.mjs").CloudEditor} editor */
    constructor(editor) {
        this.editor = editor;
        this.running = false;
    }

    /** What SAM 3 takes for one object at a place of the view, as a lasso; null, and a message, where that is not possible. */
    async selectAt({ left, top, width, height }, place, point) {
        const { editor } = this;
        const [x, y] = place;
        if (this.running) return editor.say(text("object_running"));
        this.running = true;
        try {
            const weights = await this.weights();
            if (!weights) return editor.say(text("object_no_weights", { file: WEIGHTS }));
            const seen = editor.frame === null ? await this.frameThatSees(point) : { frame: editor.frame, u: (x - left) / width, v: (y - top) / height };
            if (!seen) return editor.say(text("object_unseen"));
            if (!(seen.u >= 0 && seen.v >= 0 && seen.u < 1 && seen.v < 1)) return editor.say(text("nothing_there"));
            editor.say(text("object_started", { frame: seen.frame }));
            const picture = await this.segment(weights, seen);
            return picture && this.selectMask(picture, seen.frame);
        } finally {
            this.running = false;
        }
    }

    /** The object in a masked picture that the user chose, white where to select, of the frame that is looked at. */
    async selectPicture(file) {
        const { editor } = this;
        if (!file || !editor.facts) return;
        try {
            const frame = editor.frame ?? editor.previewFrame;
            const shape = await this.selectMask(file, frame);
            if (shape) await editor.selecting.addPart(editor.mode, shape);
        } catch (error) {
            editor.say(text("object_no_picture", { name: file.name, message: error.message }));
        }
    }

    /** Name of a SAM 3 checkpoint in the host's folders, null without one. */
    async weights() {
        const choices = await Promise.all([LOADER, DETECTOR].map(async (type) => (await api.fetchApi(`/object_info/${type}`)).json()));
        const [loader, detector] = choices.map((answer, i) => answer[[LOADER, DETECTOR][i]]);
        if (!detector) return null;
        const names = loader?.input.required.ckpt_name ?? [];
        const list = Array.isArray(names[0]) ? names[0] : (names[1]?.options ?? []);
        return list.find((name) => name.endsWith(WEIGHTS)) ?? list.find((name) => /sam3(?!d)/i.test(name)) ?? null;
    }

    /** The nearest frame that sees a point of the scene, and where in its image: {frame, u, v}, or null. */
    async frameThatSees(point) {
        if (!point) return null;
        const { facts, viewer, analyst } = this.editor;
        const { width, height, voxel_size: voxel } = facts;
        const eye = [3, 7, 11].map((i) => viewer.pose()[i]);
        const places = facts.cameras.map(({ w2c, intrinsics }, frame) => {
            const [x, y, z] = [0, 4, 8].map((r) => w2c[r] * point.at[0] + w2c[r + 1] * point.at[1] + w2c[r + 2] * point.at[2] + w2c[r + 3]);
            // The camera's centre: minus the rotation's transpose times the shift.
            const far = Math.hypot(...[0, 1, 2].map((i) => eye[i] + w2c[i] * w2c[3] + w2c[4 + i] * w2c[7] + w2c[8 + i] * w2c[11]));
            return { frame, u: (intrinsics[0] * x) / z + intrinsics[2], v: (intrinsics[1] * y) / z + intrinsics[3], z, far };
        });
        const inside = places.filter(({ u, v, z }) => z > 0 && u >= 0 && v >= 0 && u < 1 && v < 1).sort((a, b) => a.far - b.far);
        for (const { frame, u, v, z } of inside.slice(0, LOOKED_AT)) {
            const question = { camera: facts.cameras[frame], width, height, size: voxel, places: [[u * width, v * height]] };
            const [front] = (await analyst.ask("pick", question)).points;
            if (front && Math.abs(front.z - z) <= 2 * voxel + 0.02 * z) return { frame, u, v };
        }
        return null;
    }

    /** Runs the host's nodes on a frame's image; the mask as a picture, null where the run was stopped. */
    async segment(weights, { frame, u, v }) {
        const { node, facts } = this.editor;
        const { output } = await app.graphToPrompt();
        const { memory } = output[executionId(node)].inputs;
        const at = JSON.stringify([{ x: Math.floor(u * facts.width), y: Math.floor(v * facts.height) }]);
        const name = (part) => `spatia_object_${part}`;
        const added = {
            image: { class_type: "SpatiaMemoryFrames", inputs: { memory, start: frame, count: 1, every: 1 } },
            model: { class_type: LOADER, inputs: { ckpt_name: weights } },
            mask: {
                class_type: DETECTOR,
                inputs: { model: [name("model"), 0], image: [name("image"), 0], positive_coords: at, threshold: 0.5, refine_iterations: 2, individual_masks: false },
            },
            picture: { class_type: "MaskToImage", inputs: { mask: [name("mask"), 0] } },
            shown: { class_type: "PreviewImage", inputs: { images: [name("picture"), 0] } },
        }; // prettier-ignore
        // The whole graph goes along, though only these run: what its other nodes made stays in the host's cache.
        const prompt = { ...output, ...Object.fromEntries(Object.entries(added).map(([part, entry]) => [name(part), entry])) };
        const outputs = await this.runToEnd({ prompt, client_id: api.clientId, partial_execution_targets: [name("shown")] });
        const [file] = outputs?.[name("shown")]?.images ?? [];
        return file ? new Blob([await fetchFile(file)]) : null;
    }

    /** What a prompt's nodes put out; null when it failed or was stopped, which the page says itself. */
    async runToEnd(body) {
        const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
        const answer = await api.fetchApi("/prompt", options);
        const { prompt_id: id, error, node_errors } = await answer.json();
        if (!answer.ok) {
            const [refused] = Object.values(node_errors ?? {});
            const [first] = refused?.errors ?? [];
            throw new Error(first ? `${refused.class_type}: ${first.message} ${first.details}` : error?.message);
        }
        let queued = true;
        while (!this.editor.ended) {
            const run = (await (await api.fetchApi(`/history/${id}`)).json())[id];
            if (run) return run.status?.status_str === "success" ? run.outputs : null;
            if (!queued) return null; // taken out of the queue
            const { queue_running, queue_pending } = await (await api.fetchApi("/queue")).json();
            queued = [...queue_running, ...queue_pending].some((entry) => entry[1] === id);
            await new Promise((resolve) => setTimeout(resolve, POLL));
        }
        return null;
    }

    /** The lasso of a mask picture of a frame; null, and a message, where it selects nothing or is of another shape. */
    async selectMask(picture, frame) {
        const { editor } = this;
        const { cameras, width, height } = editor.facts;
        const mask = await maskOfPicture(picture);
        if (Math.abs(mask.width / mask.height / (width / height) - 1) > SHAPE_SLACK) {
            return editor.say(text("object_other_shape", { given: `${mask.width}x${mask.height}`, expected: `${width}x${height}` }));
        }
        const points = outlineOfMask(mask);
        if (!points) return editor.say(text("object_nothing"));
        return editor.selecting.withSize({ shape: "lasso", camera: { ...cameras[frame], size: [width, height] }, points, through: editor.through });
    }
}

/** A picture as a mask: 1 where it is at least half white and not see-through. */
async function maskOfPicture(picture) {
    const bitmap = await createImageBitmap(picture);
    const shrink = Math.min(1, LARGEST / Math.max(bitmap.width, bitmap.height));
    const [width, height] = [bitmap.width, bitmap.height].map((size) => Math.max(1, Math.round(size * shrink)));
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.drawImage(bitmap, 0, 0, width, height);
    bitmap.close();
    const { data } = context.getImageData(0, 0, width, height);
    const mask = new Uint8Array(width * height);
    for (let p = 0, o = 0; p < mask.length; p++, o += 4) {
        const light = 0.299 * data[o] + 0.587 * data[o + 1] + 0.114 * data[o + 2];
        mask[p] = (light * data[o + 3]) / 255 >= 127.5 ? 1 : 0;
    }
    return { width, height, data: mask };
}
