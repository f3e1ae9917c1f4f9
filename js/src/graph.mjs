// Questions about the graph that is open: arithmetic on its nodes and links, nothing of the page.

/** The nodes that draw a scene along a path. */
export const DRAWN_BY = ["SpatiaRenderCameraPath", "SpatiaVideo"];

/** The nodes that cut a path into clips. */
export const CUT_BY = ["SpatiaClipWindow", "SpatiaVideo"];

/** All nodes of a graph, those inside of its subgraphs too. */
export function* allNodes(graph) {
    for (const node of graph?.nodes ?? []) {
        yield node;
        if (node.subgraph) yield* allNodes(node.subgraph);
    }
}

/**
 * The nearest node of these kinds that this node's outputs lead to; where they lead to none, the first in its graph.
 * Null without any.
 */
export function nodeAfter(node, kinds) {
    const graph = node.graph, seen = new Set([node]);
    for (const current of seen) {
        if (current !== node && kinds.includes(current.comfyClass)) return current;
        for (const id of (current.outputs ?? []).flatMap((output) => output.links ?? [])) {
            const link = graph.getLink?.(id) ?? graph.links?.[id];
            const next = link && graph.getNodeById(link.target_id);
            if (next) seen.add(next);
        }
    }
    return graph?.nodes?.find((other) => kinds.includes(other.comfyClass)) ?? null;
}

/** Numbers of a node's widgets by name, the given ones where it has none or is not there. */
export const numbersOf = (node, defaults) =>
    Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, node?.widgets?.find((widget) => widget.name === name)?.value ?? value]));
