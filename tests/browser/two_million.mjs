// Loads a packed cloud of two million points into the camera path editor's view: how long it takes, how smoothly it turns.

export default async ({ page, options, loadTemplate }) => {
    await loadTemplate("Image to loop, runs now, 41 frames out and back");
    await page.evaluate(() => {
        const node = window.app.rootGraph.nodes.find((one) => one.type === "SpatiaCameraPath");
        node.widgets.find((widget) => widget.type === "button").callback();
    });
    // An earlier run's scene has been looked for, so that what is measured is alone.
    await page.waitForFunction(() => window.spatiaEditor?.looked);
    const result = await page.evaluate(async (file) => {
        const { viewer } = window.spatiaEditor;
        const drawn = () => new Promise((resolve) => viewer.addEventListener("draw", resolve, { once: true }));
        const pixel = () => {
            // Reading a pixel back waits until the picture is really there.
            const gl = viewer.renderer.getContext();
            const color = new Uint8Array(4);
            gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, color);
        };
        const begun = performance.now();
        await window.spatiaEditor.showPoints(file);
        viewer.frame(viewer.cloud.low, viewer.cloud.high);
        await drawn();
        pixel();
        const loaded = performance.now() - begun;
        const count = viewer.cloud.count;
        // All points in every picture.
        const full = [];
        for (let i = 0; i < 3; i++) {
            viewer.moving = false;
            const from = performance.now();
            viewer.invalidate();
            await drawn();
            pixel();
            full.push(performance.now() - from);
        }
        // As when the user turns the view: thinned to what moves smoothly.
        const turning = [];
        for (let i = 0; i < 40; i++) {
            const from = performance.now();
            viewer.navigation.orbit(0.02, 0);
            await drawn();
            pixel();
            turning.push(performance.now() - from);
        }
        return { count, loaded, full, turning, shown: Math.round(Math.min(viewer.budget, count)) };
    }, options.file);
    await page.waitForTimeout(1500);
    await page.screenshot({ path: `${options.folder}/two_million.png` });
    return result;
};
