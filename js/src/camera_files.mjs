// Camera files of the path's editor: read as keyframes, written in the formats that the server knows.
import { download } from "./dom.mjs";
import { api } from "./host.mjs";
import { formatKeyframes, keyframesOf, parseKeyframes } from "./path.mjs";

export const FORMATS = ["keyframes", "spatia", "realestate10k", "nerfstudio", "colmap"];

export class CameraFiles {
    /** @param {import("./camera_editor.mjs").CameraEditor} editor */
    constructor(editor) {
        this.editor = editor;
    }

    async read(files) {
        const { editor } = this;
        try {
            // Of two files the poses come first: the others are named intrinsics.txt by the release, cameras.txt by COLMAP.
            const last = ({ name }) => Number(/^(intrinsics|cameras)\b/i.test(name));
            const texts = await Promise.all([...files].sort((a, b) => last(a) - last(b)).map((file) => file.text()));
            let read;
            try {
                read = parseKeyframes(texts[0]);
            } catch {
                // Not this node's own text: the server knows the camera formats.
                read = await this.readCameras(texts);
            }
            editor.change((state) => {
                Object.assign(state, { preset: "keyframes", units: read.units, keyframes: read.keyframes });
                state.frames = read.frames ?? Math.max(state.frames, read.keyframes.at(-1).frame + 1);
            });
        } catch (error) {
            editor.say(error.message);
        }
    }

    async readCameras(texts) {
        const { start, depth, size } = this.editor;
        const [width, height] = size;
        // The file with the poses is the one that reads as cameras; the other holds intrinsics.
        let answer;
        for (const order of [texts, [...texts].reverse()]) {
            answer = await post("/spatia/cameras/read", { text: order[0], intrinsics: order[1] ?? "", width, height });
            if (!answer.error) break;
        }
        if (answer.error) throw new Error(answer.error);
        const { cameras } = answer;
        return { units: "scene", frames: cameras.length, keyframes: keyframesOf(cameras, start, "scene", depth, { tolerance: 0.002 * depth, limit: 64 }) };
    }

    async write(format) {
        const { editor } = this;
        try {
            if (format === "keyframes") return download("keyframes.json", formatKeyframes(editor.state.units, editor.state.keyframes));
            const [width, height] = editor.size;
            const answer = await post("/spatia/cameras/write", { cameras: editor.path, format, width, height });
            if (answer.error) throw new Error(answer.error);
            for (const [name, content] of Object.entries(answer.files)) download(name, content);
        } catch (error) {
            editor.say(error.message);
        }
    }
}

async function post(route, body) {
    const response = await api.fetchApi(route, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    if (!response.ok && response.status !== 400) throw new Error(`${route}: the server answered ${response.status}`);
    return response.json();
}
