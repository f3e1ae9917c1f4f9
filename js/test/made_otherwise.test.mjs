import assert from "node:assert/strict";
import { test } from "node:test";
import { madeOtherwise } from "../src/made_otherwise.mjs";

const LOADER = { backbone: "bundled small model", control: "spatia.safetensors", lora_strength: 1 };
const prompt = (loader = {}, more = {}) => ({
    1: { class_type: "LoadImage", inputs: { image: "room.png" } },
    3: { class_type: "SpatiaLoadModel", inputs: { ...LOADER, ...loader } },
    4: { class_type: "LoraLoaderModelOnly", inputs: { model: ["3", 0], strength_model: 0.5 } },
    "7:5": { class_type: "SpatiaVideo", inputs: { model: ["4", 0], clip: ["3", 1], vae: ["3", 2], image: ["1", 0], steps: 2, ...more } },
});
const made = {
    auto: { steps: 2, cfg: 1, radius: 0.03, max_references: 4 },
    nodes: {
        load: { type: "SpatiaLoadModel", inputs: { ...LOADER, control: { file: "spatia.safetensors", sums: ["a"] } } },
        lora: { type: "LoraLoaderModelOnly", inputs: { model: { node: "load", output: 0 }, strength_model: 0.5 } },
        image: { type: "LoadImage", inputs: { image: { file: "room.png", sums: ["b"] } } },
    },
};
const clip = { settings: { steps: 2, cfg: 1, radius: 0.03, max_references: 4, depth_source: "bundled", negative: "" }, inputs: { model: "lora", clip: "load", vae: "load" } }; // prettier-ignore
const image = { settings: { voxel_size: "digest of the model", path: "as it is", depth_source: "bundled" }, inputs: { image: "image" } };
const values = { steps: 2, cfg: 1, radius: 0.03, max_references: 4, depth_source: "auto", negative: "", voxel_size: 0, path: "as it is" };
const unlike = (change, graph = prompt(), of = clip) => madeOtherwise(of, made, { ...values, ...change }, graph, "7:5");

test("widgets are compared as the node reads them", () => {
    assert.deepEqual(unlike({}), []);
    assert.deepEqual(unlike({ steps: 0, cfg: 0, radius: 0, max_references: -1 }), []);
    assert.deepEqual(unlike({ steps: 3, radius: 0.01, max_references: 0, negative: "x" }), ["steps", "radius", "max_references", "negative"]);
    assert.deepEqual(madeOtherwise(clip, { ...made, auto: {} }, { steps: 0 }, null, "7:5"), [], "of a network nobody knows");
    assert.deepEqual(madeOtherwise({ prompt: "a" }, made, values, prompt(), "7:5"), [], "a clip that says nothing of it");
    assert.deepEqual(madeOtherwise(clip, made, {}, prompt(), "7:5"), [], "values that come over links");
});

test("the source of depth is the connected one where it is left open", () => {
    const connected = prompt({}, { moge_model: ["3", 0] });
    assert.deepEqual(unlike({}, connected), ["depth_source"]);
    const deep = { ...clip, settings: { depth_source: "moge_model" }, inputs: {} };
    assert.deepEqual(unlike({}, connected, deep), []);
    assert.deepEqual(unlike({}, prompt(), deep), ["depth_source"]);
    assert.deepEqual(unlike({ depth_source: "bundled" }, connected, deep), ["depth_source"]);
});

test("the nodes before it are compared, however far", () => {
    assert.deepEqual(unlike({}, prompt({ control: "other.safetensors" })), ["model", "clip", "vae"]);
    assert.deepEqual(unlike({}, prompt({}, { model: ["3", 0] })), ["model"], "one of them left out");
    assert.deepEqual(unlike({}, prompt({ dtype: "float32" })), ["model", "clip", "vae"], "a value it had not");
    assert.deepEqual(unlike({}, prompt({}, { vae: ["1", 0] })), ["vae"]);
    assert.deepEqual(unlike({}, null), [], "before the workflow is known");
    assert.deepEqual(unlike({}, prompt(), { ...clip, inputs: { model: "elsewhere" } }), [], "a node that the world does not name");
});

test("the image that a world begins with", () => {
    assert.deepEqual(unlike({}, prompt(), image), []);
    assert.deepEqual(unlike({ voxel_size: 0.02, path: "fit to the scene" }, prompt(), image), ["voxel_size", "path"]);
    const other = prompt();
    other[1].inputs.image = "other.png";
    assert.deepEqual(unlike({}, other, image), ["image"]);
    assert.deepEqual(unlike({ voxel_size: 0 }, prompt(), { ...image, settings: { voxel_size: 0.02 } }), ["voxel_size"]);
});
