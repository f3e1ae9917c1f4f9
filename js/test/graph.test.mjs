import assert from "node:assert/strict";
import { test } from "node:test";
import { RELEASE, SMALL, allNodes, loaderBefore, nodeAfter, numbersOf, sourceOf } from "../src/graph.mjs";
import { vectors } from "./vectors.mjs";

/** A graph of nodes by name, each with the names that its outputs lead to. */
function graphOf(nodes) {
    const graph = { nodes: [], links: {}, getNodeById: (id) => graph.nodes.find((node) => node.id === id) };
    for (const id of Object.keys(nodes)) graph.nodes.push({ id, comfyClass: id.replace(/\d+$/, ""), graph, inputs: [], outputs: [] });
    for (const [id, targets] of Object.entries(nodes)) {
        for (const target of targets) {
            const link = Object.keys(graph.links).length + 1;
            graph.links[link] = { origin_id: id, target_id: target };
            graph.getNodeById(target).inputs.push({ link });
            graph.getNodeById(id).outputs.push({ links: [link] });
        }
    }
    return graph;
}

test("the nearest node that the links lead to", () => {
    const graph = graphOf({ Window1: [], Path: ["Join", "Other"], Join: ["Window2"], Other: ["Far"], Far: ["Window3"], Window2: [], Window3: [] });
    assert.equal(nodeAfter(graph.getNodeById("Path"), ["Window"]).id, "Window2");
    assert.equal(nodeAfter(graph.getNodeById("Far"), ["Window"]).id, "Window3");
});

test("without one, the first of the graph, or none", () => {
    const graph = graphOf({ Path: ["Other"], Other: ["Path"], Window1: [] });
    assert.equal(nodeAfter(graph.getNodeById("Path"), ["Window"]).id, "Window1");
    assert.equal(nodeAfter(graph.getNodeById("Path"), ["Video"]), null);
});

test("numbers of widgets, with defaults", () => {
    const node = { widgets: [{ name: "a", value: 3 }] };
    assert.deepEqual(numbersOf(node, { a: 1, b: 2 }), { a: 3, b: 2 });
    assert.deepEqual(numbersOf(null, { a: 1 }), { a: 1 });
});

test("a number that says auto is the one that the node's model was made for", () => {
    const graph = graphOf({ SpatiaLoadModel1: ["Scene"], SpatiaLoadModel2: ["Other"], Scene: ["Window"], Other: [], Path: ["Window"], Window: [] });
    // Names without their numbers are the kinds.
    const [loader, other] = [1, 2].map((number) => graph.getNodeById(`SpatiaLoadModel${number}`));
    loader.widgets = [{ name: "backbone", value: "bundled small model" }];
    other.widgets = [{ name: "backbone", value: "wan2.2_ti2v_5B_fp16.safetensors" }];
    const window = graph.getNodeById("Window");
    window.widgets = [
        { name: "first_frames", value: 0 },
        { name: "radius", value: 0.02 },
    ];
    assert.equal(loaderBefore(window), loader);
    assert.deepEqual(numbersOf(window, { first_frames: 1, radius: 1, points_per_pixel: 5 }), { first_frames: 25, radius: 0.02, points_per_pixel: 5 });
    assert.deepEqual(numbersOf(graph.getNodeById("Other"), { first_frames: 1, radius: 1 }), { first_frames: 121, radius: 0.01 });
    assert.deepEqual(numbersOf(graph.getNodeById("Path"), { first_frames: 121 }), { first_frames: 121 });
    assert.equal(loaderBefore(null), null);
});

test("what the models were made for is what Python says", () => {
    for (const [name, profile] of [
        ["the released Spatia", RELEASE],
        ["the bundled small model", SMALL],
    ]) {
        for (const [key, value] of Object.entries(profile)) assert.equal(value, vectors.profiles[name][key], key);
    }
});

test("nodes inside of subgraphs are nodes of the graph", () => {
    const graph = { nodes: [{ id: 1 }, { id: 2, subgraph: { nodes: [{ id: 3 }] } }] };
    assert.deepEqual(
        [...allNodes(graph)].map((node) => node.id),
        [1, 2, 3],
    );
});

test("where a value comes from, through the borders of subgraphs", () => {
    const make = (id, graph, more) => graph.nodes.push({ id, graph, comfyClass: id, inputs: [], outputs: [], ...more }) && graph.nodes.at(-1);
    const graphs = [0, 1, 2].map(() => {
        const graph = { nodes: [], links: {}, getNodeById: (id) => graph.nodes.find((node) => node.id === id) };
        return graph;
    });
    const [root, taking, giving] = graphs;
    // Path stands in one subgraph, the video in another; the loader before both.
    const loader = make("SpatiaLoadModel", root, { widgets: [{ name: "backbone", value: "bundled small model" }] });
    const path = make("Path", giving);
    giving.outputs = [{ linkIds: [7] }];
    giving.links[7] = { origin_id: "Path", origin_slot: 0, target_id: -20, target_slot: 0 };
    make("Giving", root, { subgraph: giving });
    make("Taking", root, { subgraph: taking, inputs: [{ link: 1 }, { link: 2 }] });
    root.links[1] = { origin_id: "Giving", origin_slot: 0, target_id: "Taking", target_slot: 0 };
    root.links[2] = { origin_id: "SpatiaLoadModel", origin_slot: 0, target_id: "Taking", target_slot: 1 };
    const video = make("Video", taking, { inputs: [{ name: "cameras", link: 3 }, { name: "model", link: 4 }, { name: "image", link: null }] }); // prettier-ignore
    taking.links[3] = { origin_id: -10, origin_slot: 0, target_id: "Video", target_slot: 0 };
    taking.links[4] = { origin_id: -10, origin_slot: 1, target_id: "Video", target_slot: 1 };
    assert.equal(sourceOf(root, video, "cameras"), path);
    assert.equal(sourceOf(root, video, "model"), loader);
    assert.deepEqual([sourceOf(root, video, "image"), sourceOf(root, video, "none"), loaderBefore(video)], [null, null, null]);
    assert.equal(numbersOf(video, { radius: 1 }, root).radius, SMALL.radius);
});

test("a source is looked for through reroutes", () => {
    const graph = graphOf({ Path: ["Reroute1"], Reroute1: ["Reroute2"], Reroute2: ["Video"], Video: [], Reroute3: ["Other"], Other: [] });
    for (const node of graph.nodes) if (node.comfyClass === "Reroute") Object.assign(node, { type: "Reroute", comfyClass: undefined });
    const named = (id, name) => {
        const node = graph.getNodeById(id);
        node.inputs[0].name = name;
        return node;
    };
    assert.equal(sourceOf(graph, named("Video", "cameras"), "cameras").id, "Path");
    assert.equal(sourceOf(graph, named("Other", "cameras"), "cameras"), null);
});
