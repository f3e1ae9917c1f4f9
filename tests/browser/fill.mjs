// Fills the place of a removed thing in the cloud editor: the choice of the current edit, both projections, undo, the run.
export default async ({ page, options, queue }) => {
    const id = await page.evaluate(
        async ({ file, edits }) => {
            await window.app.extensionManager.command.execute("Comfy.NewBlankWorkflow");
            const graph = window.app.rootGraph;
            const add = (type, x) => {
                const node = window.LiteGraph.createNode(type);
                graph.add(node);
                node.pos = [x, 100];
                return node;
            };
            const [load, edit, save] = [add("SpatiaLoadScene", 100), add("SpatiaEditPointCloud", 600), add("SpatiaSaveScene", 1200)];
            // The preview draws as this node will: with the discs of the bundled model.
            const [path, render] = [add("SpatiaCameraPath", 1200), add("SpatiaRenderCameraPath", 1600)];
            edit.connect(0, path, 0);
            edit.connect(0, render, 0);
            path.connect(0, render, 1);
            render.widgets.find((widget) => widget.name === "radius").value = 0.03;
            load.widgets.find((widget) => widget.name === "file").value = file;
            edit.widgets.find((widget) => widget.name === "edits").value = edits;
            save.widgets.find((widget) => widget.name === "filename_prefix").value = "edited/filled";
            load.connect(0, edit, 0);
            edit.connect(0, save, 0);
            window.app.extensionManager.workflow.activeWorkflow.changeTracker.checkState();
            edit.widgets.find((widget) => widget.type === "button").callback();
            return edit.id;
        },
        { file: options.file, edits: options.edits },
    );
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
