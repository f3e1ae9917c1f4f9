// Opens the template whose editor stands before any sampling, loads the scene from the editor, and runs the workflow. Returns
// {seconds, ran: kinds of nodes that ran for the scene, points, edits, outputs, kinds}.

export default async ({ page, options, loadTemplate, queue }) => {
    await loadTemplate(options.name);
    await page.evaluate(() => {
        window.spatiaRan = [];
        const { api, rootGraph } = window.app;
        api.addEventListener("executing", ({ detail }) => detail && window.spatiaRan.push(rootGraph.getNodeById(detail.node ?? detail)?.type));
        const node = rootGraph.nodes.find((one) => one.type === "SpatiaEditPointCloud");
        node.widgets.find((widget) => widget.type === "button").callback();
    });
    const editor = page.getByRole("dialog", { name: "Edit cloud" });
    await editor.waitFor();
    await page.waitForFunction(() => window.spatiaEditor?.looked);
    const began = Date.now();
    await editor.getByRole("button", { name: "Load the scene" }).click();
    await page.waitForFunction(() => window.spatiaEditor.viewer.cloud && !window.spatiaEditor.replaying);
    const seconds = (Date.now() - began) / 1000;
    const [ran, points, edits] = await page.evaluate(() => {
        const { total, list } = window.spatiaEditor;
        return [window.spatiaRan, total, list];
    });
    await page.waitForTimeout(2000);
    if (options.picture) await page.screenshot({ path: options.picture });
    await editor.locator("button[name=done]").click();
    await editor.waitFor({ state: "detached" });
    const outputs = await queue();
    const kinds = await page.evaluate((ids) => Object.fromEntries(ids.map((id) => [id, window.app.rootGraph.getNodeById(id)?.type])), Object.keys(outputs));
    return { seconds, ran, points, edits, outputs, kinds };
};
