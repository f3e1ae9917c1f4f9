// Fills the place of a removed thing in the cloud editor: the choice of the current edit, both projections, undo, the run.
export default async ({ page, options, queue, editedScene }) => {
    const id = await editedScene({ file: options.file, prefix: "edited/filled", edits: options.edits });
    await page.evaluate((nodeId) => {
        const graph = window.app.rootGraph;
        const edit = graph.getNodeById(nodeId);
        // The preview draws as this node will: with the discs of the bundled model.
        const add = (type, pos) => {
            const node = window.LiteGraph.createNode(type);
            graph.add(node);
            node.pos = pos;
            return node;
        };
        const [path, render] = [add("SpatiaCameraPath", [1200, 500]), add("SpatiaRenderCameraPath", [1600, 500])];
        edit.connect(0, path, 0);
        edit.connect(0, render, 0);
        path.connect(0, render, 1);
        render.widgets.find((widget) => widget.name === "radius").value = 0.03;
        window.app.extensionManager.workflow.activeWorkflow.changeTracker.checkState();
        edit.widgets.find((widget) => widget.type === "button").callback();
    }, id);
    const editor = page.getByRole("dialog", { name: "Edit cloud" });
    await editor.locator("button[name=load]").click();
    await editor.locator("button[name=load]").waitFor({ state: "detached" });
    /** What the node keeps and the editor shows, at rest. */
    const state = async (name) => {
        await page.waitForFunction(() => window.spatiaEditor.result && !window.spatiaEditor.replaying && !window.spatiaEditor.previewing);
        await page.waitForTimeout(300);
        await page.screenshot({ path: `${options.folder}/${name}.png` });
        return page.evaluate((nodeId) => {
            const { result, side, previewText } = window.spatiaEditor;
            return {
                edits: window.app.rootGraph.getNodeById(nodeId).widgets.find((widget) => widget.name === "edits").value,
                points: result.points,
                failures: result.failures,
                two: !side.bare.hidden && side.bare.offsetWidth > 60,
                text: previewText.textContent,
                memory: side.memoryText.textContent,
                shares: (previewText.textContent.match(/\d+ %/g) ?? []).map((share) => parseInt(share, 10)),
            };
        }, id);
    };
    const result = {};
    await editor.locator("button[name=edit_0]").click();
    await editor.locator("input[name=preview_frame]").fill("0");
    result.network = await state("network");
    for (const fill of ["plane", "neighbours"]) {
        await editor.locator("select[name=fill]").selectOption(fill);
        result[fill] = await state(fill);
    }
    await page.keyboard.press("Control+z");
    result.undone = await state("undone");
    await editor.locator("select[name=fill]").selectOption("network");
    result.back = await state("back");
    await page.keyboard.press("Control+z");
    result.again = await state("again");
    await editor.locator("button[name=done]").click();
    await editor.waitFor({ state: "detached" });
    const outputs = await queue();
    result.report = outputs[id].text?.join("\n");
    return result;
};
