// Draws every node with its defaults, its required inputs and its memory connected. Returns {node id: picture file}.

// Who gives a value of this type in the small graph around a node: [node, output].
const SOURCES = {
    IMAGE: ["LoadImage", 0],
    MASK: ["LoadImage", 1],
    MODEL: ["SpatiaLoadModel", 0],
    CLIP: ["SpatiaLoadModel", 1],
    VAE: ["SpatiaLoadModel", 2],
    CONDITIONING: ["CLIPTextEncode", 0],
    LATENT: ["SpatiaSampler", 1],
    SPATIA_MEMORY: ["SpatiaEstimateScene", 0],
    SPATIA_CAMERAS: ["SpatiaCameraPath", 0],
    SPATIA_WORLD: ["SpatiaOpenWorld", 1],
};

export default async ({ page, options }) => {
    const kinds = await page.evaluate(() =>
        Object.keys(window.LiteGraph.registered_node_types)
            .filter((kind) => kind.startsWith("Spatia"))
            .sort(),
    );
    const pictures = {};
    for (const kind of kinds) {
        const id = await page.evaluate(
            ([type, sources]) => {
                const { app, LiteGraph } = window;
                const graph = app.rootGraph;
                // The page remembers widgets by the number of their node: numbers go on, so that none is used twice.
                const used = graph.state.lastNodeId;
                graph.clear();
                graph.state.lastNodeId = used;
                const add = (name, x, y) => {
                    const made = LiteGraph.createNode(name);
                    graph.add(made);
                    made.pos = [x, y];
                    return made;
                };
                const node = add(type, 0, 0);
                const around = {};
                for (const [slot, input] of node.inputs.entries()) {
                    const source = sources[input.type];
                    // Optional inputs have a shape of their own.
                    if (!source || input.widget || (input.shape != null && input.type !== "SPATIA_MEMORY")) continue;
                    around[source[0]] ??= add(source[0], -900, 600 * Object.keys(around).length);
                    around[source[0]].connect(source[1], node, slot);
                }
                return node.id;
            },
            [kind, SOURCES],
        );
        await page.waitForFunction((nodeId) => document.querySelector(`[data-node-id="${nodeId}"]`)?.offsetHeight, id);
        await page.evaluate((nodeId) => {
            const { canvas, rootGraph } = window.app;
            const node = rootGraph.getNodeById(nodeId);
            canvas.ds.scale = 1;
            canvas.ds.offset = [360 - node.pos[0], 140 - node.pos[1]];
            canvas.setDirty(true, true);
        }, id);
        await page.waitForTimeout(1200);
        const box = await page.locator(`[data-node-id="${id}"]`).boundingBox();
        const edge = 24;
        const clip = { x: box.x - edge, y: box.y - edge, width: box.width + 2 * edge, height: box.height + 2 * edge };
        pictures[kind] = `${options.folder}/${kind}.png`;
        await page.screenshot({ path: pictures[kind], clip });
    }
    return pictures;
};
