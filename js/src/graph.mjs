// Questions about the graph that is open: arithmetic on its nodes and links, nothing of the page.

/** The nodes that draw a scene along a path. */
export const DRAWN_BY = ["SpatiaRenderCameraPath", "SpatiaVideo"];

/** The nodes that cut a path into clips. */
export const CUT_BY = ["SpatiaClipWindow", "SpatiaVideo"];

const LOADER = "SpatiaLoadModel";
const SMALL_MODEL = "bundled small model"; // of the loader's backbone

// What the networks were made for, as spatia_core/profile.py has it.
export const RELEASE = { first_frames: 121, later_frames: 81, history_frames: 9, radius: 0.01 };
export const SMALL = { first_frames: 25, later_frames: 25, history_frames: 9, radius: 0.03 };

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
    const graph = node.graph,
        seen = new Set([node]);
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

/** The loader of the model that a node is for: the nearest one that its inputs lead back to; null without one. */
export function loaderBefore(node) {
    const graph = node?.graph,
        seen = new Set(node ? [node] : []);
    for (const current of seen) {
        if (current.comfyClass === LOADER) return current;
        for (const { link: id } of current.inputs ?? []) {
            const link = id == null ? null : (graph.getLink?.(id) ?? graph.links?.[id]);
            const before = link && graph.getNodeById(link.origin_id);
            if (before) seen.add(before);
        }
    }
    return null;
}

/**
 * Numbers of a node's widgets by name: what the node's model was made for where a widget says auto, by a number that is
 * not above 0, and the given ones where neither tells.
 */
export function numbersOf(node, defaults) {
    const model = loaderBefore(node)?.widgets?.find((widget) => widget.name === "backbone")?.value;
    const made = model === undefined ? {} : model === SMALL_MODEL ? SMALL : RELEASE;
    return Object.fromEntries(
        Object.entries(defaults).map(([name, value]) => {
            const set = node?.widgets?.find((widget) => widget.name === name)?.value;
            return [name, set > 0 ? set : (made[name] ?? value)];
        }),
    );
}
