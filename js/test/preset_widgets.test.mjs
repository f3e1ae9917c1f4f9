import assert from "node:assert/strict";
import { test } from "node:test";
import { PRESETS } from "../src/path.mjs";
import { PRESET_FIELDS, foldPresetWidgets, isUsed } from "../src/preset_widgets.mjs";

const NAMES = ["preset", "frames", "angle", "distance", "easing", "base_motion", "turns", "keyframes", "depth", "close_loop", "closing_frames", "fov"];

function nodeOf(preset) {
    const values = { preset, close_loop: "off" };
    const node = { size: [300, 400], widgets: NAMES.map((name) => ({ name, value: values[name] ?? 1, options: {} })), inputs: [] };
    node.computeSize = () => [300, 20 * node.widgets.filter((widget) => !widget.hidden).length];
    node.setSize = (size) => (node.size = size);
    return node;
}

const shown = (node) => node.widgets.filter((widget) => !widget.hidden && !widget.options.hidden).map((widget) => widget.name);

test("every preset has its fields, and what all share is always shown", () => {
    for (const preset of PRESETS) assert.ok(preset === "static" || PRESET_FIELDS[preset], preset);
    for (const preset of [...PRESETS, "to_view", "keyframes"])
        for (const name of ["preset", "frames", "depth", "close_loop"]) assert.ok(isUsed(name, { preset, close_loop: "off", memory: true }));
});

test("the node shows what it reads, and follows its settings and links", () => {
    const node = nodeOf("orbit");
    foldPresetWidgets(node);
    assert.deepEqual(shown(node), ["preset", "frames", "angle", "easing", "depth", "close_loop", "fov"]);
    assert.equal(node.size[1], 140);
    const set = (name, value) => {
        const widget = node.widgets.find((one) => one.name === name);
        widget.value = value;
        widget.callback(value);
    };
    set("preset", "keyframes");
    assert.deepEqual(shown(node), ["preset", "frames", "keyframes", "depth", "close_loop", "fov"]);
    set("close_loop", "append");
    node.widgets[0].value = "spiral";
    node.onConfigure();
    assert.deepEqual(shown(node), ["preset", "frames", "distance", "easing", "turns", "depth", "close_loop", "closing_frames", "fov"]);
    node.inputs = [{ name: "memory", link: 3 }];
    node.onConnectionsChange();
    assert.ok(!shown(node).includes("fov"));
    node.inputs = [
        { name: "preset", link: 3 },
        { name: "close_loop", link: 4 },
    ];
    node.onConnectionsChange();
    assert.deepEqual(shown(node), NAMES);
});
