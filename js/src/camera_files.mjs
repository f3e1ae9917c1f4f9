// Camera files of the path's editor: read as keyframes, written in the formats that the server knows.
import { download, h } from "./dom.mjs";
import { api } from "./host.mjs";
import { formatKeyframes, keyframesOf, parseKeyframes } from "./path.mjs";
import { text } from "./texts.mjs";

export const FORMATS = ["keyframes", "spatia", "realestate10k", "nerfstudio", "colmap", "memorize", "gltf"];
export const ACCEPTED = ".txt,.json,.glb,.gltf";

export class CameraFiles {
    /** @param {import("./camera_editor.mjs").CameraEditor} editor */
    constructor(editor) {
        this.editor = editor;
    }

    async read(files) {
        const { editor } = this;
        try {
            const animated = [...files].find(({ name }) => /\.gl(b|tf)$/i.test(name));
            if (animated) return await this.readAnimated(animated);
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
            this.take(read);
        } catch (error) {
            editor.say(error.message);
        }
    }

    /** The path becomes what was read. */
    take(read) {
        this.editor.change((state) => {
            Object.assign(state, { preset: "keyframes", units: read.units, keyframes: read.keyframes });
            state.frames = read.frames ?? Math.max(state.frames, read.keyframes.at(-1).frame + 1);
        });
    }

    /** An animated camera of Blender's and others, at the rate beside the time line. */
    async readAnimated(file) {
        const { size, time } = this.editor;
        const [width, height] = size;
        const question = { data: base64(new Uint8Array(await file.arrayBuffer())), width, height, fps: time.fps };
        let answer = await post("/spatia/cameras/read", question);
        if (answer.choose) {
            const camera = await this.choose(answer.choose);
            if (camera === null) return;
            answer = await post("/spatia/cameras/read", { ...question, camera });
        }
        if (answer.error) throw new Error(answer.error);
        this.take(this.keyframesFrom(answer.cameras));
    }

    /** Which of several cameras is meant, as the user says; null for none. */
    choose(names) {
        return new Promise((resolve) => {
            const answer = (name, label) => h("button", { type: "button", onclick: () => {
                line.remove();
                resolve(name);
            } }, label); // prettier-ignore
            const line = h(
                "div",
                { class: "row" },
                h("span", {}, text("which_camera")),
                names.map((name) => answer(name, name)),
                answer(null, text("cancel")),
            );
            this.editor.messages.append(line);
        });
    }

    async readCameras(texts) {
        const [width, height] = this.editor.size;
        // The file with the poses is the one that reads as cameras; the other holds intrinsics.
        let answer;
        for (const order of [texts, [...texts].reverse()]) {
            answer = await post("/spatia/cameras/read", { text: order[0], intrinsics: order[1] ?? "", width, height });
            if (!answer.error) break;
        }
        if (answer.error) throw new Error(answer.error);
        return this.keyframesFrom(answer.cameras);
    }

    /** Keyframes that reproduce cameras. */
    keyframesFrom(cameras) {
        const { start, depth } = this.editor;
        return { units: "scene", frames: cameras.length, keyframes: keyframesOf(cameras, start, "scene", depth, { tolerance: 0.002 * depth, limit: 64 }) };
    }

    async write(format) {
        const { editor } = this;
        try {
            if (format === "keyframes") return download("keyframes.json", formatKeyframes(editor.state.units, editor.state.keyframes));
            const [width, height] = editor.size;
            const answer = await post("/spatia/cameras/write", { cameras: editor.path, format, width, height, fps: editor.time.fps });
            if (answer.error) throw new Error(answer.error);
            for (const [name, content] of Object.entries(answer.files)) download(name, content);
            for (const [name, content] of Object.entries(answer.binary))
                download(
                    name,
                    Uint8Array.from(atob(content), (char) => char.charCodeAt(0)),
                );
        } catch (error) {
            editor.say(error.message);
        }
    }
}

/** Bytes as base64, in pieces that a call can take. */
function base64(bytes) {
    let binary = "";
    for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return btoa(binary);
}

async function post(route, body) {
    const response = await api.fetchApi(route, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    if (!response.ok && ![400, 413].includes(response.status)) throw new Error(`${route}: the server answered ${response.status}`);
    return response.json();
}
