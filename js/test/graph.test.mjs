import assert from "node:assert/strict";
import { test } from "node:test";
import { allNodes, nodeAfter, numbersOf } from "../src/graph.mjs";

/** A graph of nodes by name, each with the names that its outputs lead to. */
function graphOf(nodes) {
    const graph = { nodes: [], links: {}, getNodeById: (id) => graph.nodes.find((node) => node.id === id) };
    for (const id of Object.keys(nodes)) graph.nodes.push({ id, comfyClass: id.replace(/\d+$/, ""), graph, outputs: [] });
    for (const [id, targets] of Object.entries(nodes)) {
        for (const target of targets) {
            const link = Object.keys(graph.links).length + 1;
            graph.links[link] = { target_id: target };
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

test("nodes inside of subgraphs are nodes of the graph", () => {
    const graph = { nodes: [{ id: 1 }, { id: 2, subgraph: { nodes: [{ id: 3 }] } }] };
    assert.deepEqual([...allNodes(graph)].map((node) => node.id), [1, 2, 3]);
});
