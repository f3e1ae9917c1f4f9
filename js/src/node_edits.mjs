// What the node does to a cloud and the page does not: Open3D finds the points, see spatia_core/cloud/open3d_bridge.py. The
// page keeps such edits in the list, says so, and shows the scene without them.

/** Shapes of selections, and the values that each has besides: name of the key -> name of the field. */
export const NODE_SHAPES = {
    outliers: { neighbours: "neighbours", deviations: "deviations" },
    sparse: { radius: "reach", neighbours: "neighbours" },
    dbscan: { distance: "reach", neighbours: "neighbours" },
    ransac_plane: { distance: "reach" },
};

/** Failures of an edit that are none: the node does it. */
export const LEFT_TO_NODE = ["not_in_page", "not_registered"];

/** The first part of a selection that only the node knows, null where the page knows them all. */
export function nodePart(selection) {
    if (!selection) return null;
    if (selection.shape in NODE_SHAPES) return selection;
    for (const part of [...(selection.of ?? []), selection.within]) {
        const found = nodePart(part);
        if (found) return found;
    }
    return null;
}

/** A removal that tidies up: "outliers", "sparse", or "dbscan", which keeps the largest cluster; among these points alone, if any. */
export function cleanUp(shape, gap, points) {
    const values = { outliers: { neighbours: 20, deviations: 2 }, sparse: { radius: gap, neighbours: 8 }, dbscan: { distance: gap, neighbours: 10 } }[shape];
    const taken = { shape, ...values, ...(points ? { within: points } : {}) };
    if (shape !== "dbscan") return { do: "remove", select: taken };
    const others = { ...taken, invert: true };
    return { do: "remove", select: points ? { shape: "intersection", of: [points, others] } : others };
}
