// Questions about the graph that is open: arithmetic on its nodes and links, nothing of the page.

/** The nodes that draw a scene along a path. */
export const DRAWN_BY = ["SpatiaRenderCameraPath", "SpatiaVideo"];

/** The nodes that cut a path into clips. */
export const CUT_BY = ["SpatiaClipWindow", "SpatiaVideo"];

const LOADER = "SpatiaLoadModel";
const REROUTE = "Reroute"; // the page's own node, that no server knows
const SUBGRAPH_INPUTS = -10; // what a link from a subgraph's own inputs names as the node that it begins at
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

const linkOf = (graph, id) => (id == null ? null : (graph.getLink?.(id) ?? graph.links?.[id] ?? null));

/**
 * The node that an input's value comes from, through reroutes and the borders of subgraphs; null without one.
 * root: the graph around all others
 */
export function sourceOf(root, node, name) {
    return sourceOfInput(
        root,
        node,
        node.inputs?.find((input) => input.name === name),
    );
}

function sourceOfInput(root, node, input) {
    const link = linkOf(node.graph, input?.link);
    return link && originOf(root, node.graph, link);
}

function originOf(root, graph, link) {
    // Ids are texts in later pages.
    const around = Number(link.origin_id) === SUBGRAPH_INPUTS ? [...allNodes(root)].find((node) => node.subgraph === graph) : null;
    if (around) {
        const outer = linkOf(around.graph, around.inputs[link.origin_slot]?.link);
        return outer && originOf(root, around.graph, outer);
    }
    const node = graph.getNodeById(link.origin_id);
    if (node?.type === REROUTE) return sourceOfInput(root, node, node.inputs?.[0]);
    const inside = node?.subgraph?.outputs?.[link.origin_slot]?.linkIds?.[0];
    const inner = inside === undefined ? null : linkOf(node.subgraph, inside);
    return inner ? originOf(root, node.subgraph, inner) : (node ?? null);
}

/** The loader of the model that a node is for: the nearest one that its inputs lead back to; null without one. */
export function loaderBefore(node, root = node?.graph) {
    const seen = new Set(node ? [node] : []);
    for (const current of seen) {
        if (current.comfyClass === LOADER) return current;
        for (const input of current.inputs ?? []) {
            const before = sourceOfInput(root, current, input);
            if (before) seen.add(before);
        }
    }
    return null;
}

/**
 * Numbers of a node's widgets by name: what the node's model was made for where a widget says auto, by a number that is
 * not above 0, and the given ones where neither tells.
 */
export function numbersOf(node, defaults, root = node?.graph) {
    const model = loaderBefore(node, root)?.widgets?.find((widget) => widget.name === "backbone")?.value;
    const made = model === undefined ? {} : model === SMALL_MODEL ? SMALL : RELEASE;
    return Object.fromEntries(
        Object.entries(defaults).map(([name, value]) => {
            const set = node?.widgets?.find((widget) => widget.name === name)?.value;
            return [name, set > 0 ? set : (made[name] ?? value)];
        }),
    );
}
