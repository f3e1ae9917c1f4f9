// Opens the help of a node as a user does: select it, press the question mark. Returns its title and its pictures.

export default async ({ page, options }) => {
    await page.evaluate((kind) => {
        const { app, LiteGraph } = window;
        app.rootGraph.clear();
        const node = LiteGraph.createNode(kind);
        app.rootGraph.add(node);
        node.pos = [300, 200];
        app.canvas.ds.scale = 1;
        app.canvas.ds.offset = [200, 100];
        app.canvas.selectNode(node);
        app.canvas.setDirty(true, true);
    }, options.kind);
    await page.getByTestId("info-button").click();
    const help = page.locator(".node-help-content");
    await help.locator("img").first().waitFor();
    await page.waitForFunction(() => [...document.querySelectorAll(".node-help-content img")].every((image) => image.complete));
    await page.screenshot({ path: `${options.folder}/help.png` });
    return help.evaluate((element) => ({
        title: element.querySelector("h1").textContent,
        pictures: [...element.querySelectorAll("img")].map(({ src, naturalWidth }) => [new URL(src).pathname, naturalWidth]),
    }));
};
