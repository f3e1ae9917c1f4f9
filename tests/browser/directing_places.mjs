// Directing where the nodes stand elsewhere: on a world that Open World gives, in a subgraph, and on a server that ends.
import { writeFileSync } from "node:fs";
import { SHORT, directorState } from "./directing.mjs";

export default async ({ page, options, openTemplate }) => {
    await openTemplate(options.template);
    await page.evaluate(
        ([world, frames, short]) => {
            const set = (type, values) => {
                const node = window.app.rootGraph.nodes.find((one) => one.type === type);
                for (const [name, value] of Object.entries(values)) node.widgets.find((widget) => widget.name === name).value = value;
            };
            set("SpatiaCameraPath", { preset: "truck", frames, distance: 0.2 });
            set("SpatiaVideo", { ...short, name: world, prompts: "A quiet room." });
        },
        [options.world, options.frames, SHORT],
    );
    return { connected, inside, killed }[options.where](page, options);
};

/** Opens the editor from the button of Spatia Video, wherever that is; returns the strip. */
async function direct(page) {
    await page.evaluate(() => {
        const graphs = [window.app.rootGraph, ...window.app.rootGraph.subgraphs.values()];
        const video = graphs.flatMap((graph) => graph.nodes).find((node) => node.type === "SpatiaVideo");
        video.widgets.find((widget) => widget.type === "button").callback();
    });
    const editor = page.getByRole("dialog", { name: "Edit path" });
    await editor.waitFor();
    await page.setViewportSize({ width: 900, height: 700 });
    await page.waitForFunction(() => window.spatiaEditor?.director?.looked);
    return editor.getByRole("region", { name: "Clips of the video" });
}

async function generated(page, strip) {
    await strip.getByRole("button", { name: "Generate" }).click();
    await page.waitForFunction(() => window.spatiaEditor.director.running);
    await page.waitForFunction(() => !window.spatiaEditor.director.running && window.spatiaEditor.director.took, null, { timeout: 600_000 });
    return directorState(page);
}

/** A video that goes on with the world that another run began; the path longer by a clip, after a clip was made. */
async function connected(page, options) {
    const strip = await direct(page);
    const begun = await generated(page, strip);
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByRole("dialog", { name: "Edit path" }).waitFor({ state: "detached" });
    await page.evaluate((world) => {
        const { rootGraph } = window.app;
        const video = rootGraph.nodes.find((node) => node.type === "SpatiaVideo");
        video.disconnectInput(video.findInputSlot("image"));
        const open = window.LiteGraph.createNode("SpatiaOpenWorld");
        rootGraph.add(open);
        open.widgets.find((widget) => widget.name === "name").value = world;
        open.connect(open.findOutputSlot("world"), video, video.findInputSlot("world"));
        video.spatiaReport = null;
        const path = rootGraph.nodes.find((node) => node.type === "SpatiaCameraPath");
        for (const [name, value] of Object.entries({ preset: "pan", angle: -8, frames: 9 })) path.widgets.find((widget) => widget.name === name).value = value;
    }, options.world);
    const again = await direct(page);
    await page.waitForFunction(() => window.spatiaEditor.director.tree.chain.length === 2);
    const opened = await directorState(page);
    const first = await generated(page, again);
    await again.getByRole("button", { name: "Next clip" }).click();
    const longer = await directorState(page);
    const second = await generated(page, again);
    const clip = await page.evaluate(
        () => window.app.rootGraph.nodes.find((node) => node.type === "SpatiaOpenWorld").widgets.find((one) => one.name === "clip").value,
    );
    return { begun, opened, first, longer, second, clip };
}

/** Spatia Video in a subgraph, its cameras from a Camera Path outside, behind a reroute; then another take of its clip, and back to the first. */
async function inside(page) {
    await page.evaluate(() => {
        const { canvas, rootGraph } = window.app;
        const [video, path] = ["SpatiaVideo", "SpatiaCameraPath"].map((type) => rootGraph.nodes.find((node) => node.type === type));
        const reroute = window.LiteGraph.createNode("Reroute");
        rootGraph.add(reroute);
        path.connect(0, reroute, 0);
        reroute.connect(0, video, video.findInputSlot("cameras"));
        canvas.deselectAll();
        canvas.select(video);
        rootGraph.convertToSubgraph(canvas.selectedItems);
    });
    const strip = await direct(page);
    const opened = await directorState(page);
    const made = await generated(page, strip);
    // Another path, which is made, is a branch of its own; and the first one is chosen again.
    await page.evaluate(() => {
        const { spatiaEditor } = window;
        spatiaEditor.change((state) => (state.distance = 0.1));
    });
    const other = await generated(page, strip);
    const old = await page.evaluate((id) => [...window.spatiaEditor.director.tree.branches].find(([, end]) => end === id)[0], made.clips[0].id);
    await strip.locator("select[name=direct_branch]").selectOption(old);
    return { opened, made, other, chosen: await directorState(page) };
}

/** The server ends once the first clip is written, and is started anew; then the run is repeated. */
async function killed(page, options) {
    const strip = await direct(page);
    const ask = (name) => writeFileSync(`${options.folder}/${name}`, "");
    await strip.getByRole("button", { name: "Generate" }).click();
    await page.waitForFunction(() => window.spatiaEditor.director.clips[0].state === "made" && window.spatiaEditor.director.running, null, {
        timeout: 600_000,
    });
    ask("kill");
    await page.waitForFunction((text) => window.spatiaEditor.director.running?.state === text, "The server does not answer. Finished clips are kept.");
    ask("start");
    await page.waitForFunction(() => !window.spatiaEditor.director.running, null, { timeout: 300_000 });
    const lost = await directorState(page);
    await page.screenshot({ path: `${options.folder}/lost.png` });
    return { lost, resumed: await generated(page, strip) };
}
