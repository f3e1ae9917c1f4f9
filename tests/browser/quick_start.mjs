// Opens the quick start, shortens its sampling, presses Run, waits for the end, and reloads the page.

export default async ({ page, options, loadTemplate, queue, save, ready }) => {
    // What an earlier workflow left in the server's cache is not run again, and then has nothing to say.
    await page.request.post(`${options.url}/free`, { data: { free_memory: true } });
    await loadTemplate("Image to loop, runs now, 41 frames out and back");
    await page.evaluate((steps) => {
        for (const node of window.app.rootGraph.nodes) {
            if (node.type !== "SpatiaSampler") continue;
            const widget = node.widgets.find((one) => one.name === "steps");
            widget.value = steps;
            widget.callback?.(steps);
        }
        window.app.rootGraph.change();
        window.app.extensionManager.workflow.activeWorkflow.changeTracker.checkState();
    }, options.steps);
    const outputs = await queue();
    const kinds = await page.evaluate((ids) => Object.fromEntries(ids.map((id) => [id, window.app.rootGraph.getNodeById(id)?.type])), Object.keys(outputs));
    const reports = () =>
        page.evaluate(() =>
            Object.fromEntries(
                [...window.app.rootGraph.nodes].flatMap((node) => {
                    const element = node.widgets?.find((widget) => widget.name === "spatia_report")?.element;
                    if (!element?.isConnected) return [];
                    const { height } = element.querySelector(".line").getBoundingClientRect();
                    return [[node.title, { text: element.textContent, warns: element.classList.contains("warns"), height }]];
                }),
            ),
        );
    await seen(page);
    const reported = await reports();
    await page.locator(".spatia-report.warns").first().click();
    const opened = await page.locator("dialog.spatia-report-all").innerText();
    const atTop = await page.locator("dialog.spatia-report-all").evaluate((dialog) => dialog.scrollTop === 0);
    await page.keyboard.press("Escape");
    const escaped = (await page.locator("dialog.spatia-report-all").count()) === 0;
    const before = await save();
    // The page writes its draft a moment after a change.
    await page.waitForTimeout(3000);
    await page.reload();
    await ready();
    await page.waitForFunction((count) => window.app.rootGraph.nodes.length === count, before.nodes.length);
    const after = await save();
    await seen(page);
    const restored = await reports();
    // A 3D viewer keeps its camera in its widgets, and moves it when a cloud arrives. A node without values has an empty list
    // once its picture is drawn, and none before.
    const state = ({ nodes }) =>
        nodes.filter(({ type }) => type !== "PreviewPointCloud").map(({ id, type, pos, widgets_values = [] }) => ({ id, type, pos: [...pos], widgets_values }));
    return { outputs, kinds, before: state(before), after: state(after), reported, opened, atTop, escaped, restored };
};

/** Waits until the report of every node that has something to say is in the page. */
async function seen(page) {
    await page.waitForFunction(
        () => {
            const nodes = window.app.rootGraph.nodes.filter((node) => /Estimate|Render|Retrieve|Metrics/.test(node.type));
            return nodes.every((node) => node.widgets?.find((widget) => widget.name === "spatia_report")?.element.isConnected);
        },
        null,
        { timeout: 30_000 },
    );
}
