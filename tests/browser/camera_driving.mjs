// Drives in the camera path editor: records a flight, moves several keyframes, looks at a point, returns and rests; then
// Escape asks, and Discard gives everything back. Returns what the widgets hold and what the editor shows after each step.

const widgets = (page, id) =>
    page.evaluate((nodeId) => {
        const node = window.app.rootGraph.getNodeById(nodeId);
        return Object.fromEntries(node.widgets.filter((widget) => widget.options?.serialize !== false).map((widget) => [widget.name, widget.value]));
    }, id);

export default async ({ page, options, sceneLoaded, loadTemplate }) => {
    // A small window: it is drawn in software.
    await page.setViewportSize({ width: 1000, height: 650 });
    await loadTemplate(options.template);
    const id = await page.evaluate(() => window.app.rootGraph.nodes.find((node) => node.type === "SpatiaCameraPath").id);
    const open = () =>
        page.evaluate(
            (nodeId) =>
                window.app.rootGraph
                    .getNodeById(nodeId)
                    .widgets.find((widget) => widget.type === "button")
                    .callback(),
            id,
        );
    const editor = page.getByRole("dialog", { name: "Edit path" });
    const shot = (name) => page.screenshot({ path: `${options.folder}/${name}.png` });
    await open();
    await editor.waitFor();
    await sceneLoaded(editor);
    await editor.getByRole("button", { name: "Turn into keyframes" }).click();
    await editor.getByRole("button", { name: "Done" }).click();
    await editor.waitFor({ state: "detached" });
    const result = { opened: await widgets(page, id) };
    await open();
    await editor.waitFor();
    await page.waitForFunction(() => window.spatiaEditor?.viewer?.cloud);
    const pose = () => page.evaluate(() => window.spatiaEditor.viewer.pose());
    const path = () => page.evaluate(() => window.spatiaEditor.path.map(({ w2c, intrinsics }) => [...w2c, ...intrinsics]));
    const fly = async (key) => {
        const from = await pose();
        await page.keyboard.down(key);
        await page.waitForFunction((begun) => Math.hypot(...[3, 7, 11].map((i) => window.spatiaEditor.viewer.pose()[i] - begun[i])) > 0.15, from);
        await page.keyboard.up(key);
        await page.waitForFunction(() => window.spatiaEditor.viewer.navigation.flight == null);
    };
    result.flown = { before: await path(), lastKey: await page.evaluate(() => window.spatiaEditor.state.keyframes.at(-1).frame) };
    await page.keyboard.press("o");
    await page.waitForFunction(() => window.spatiaEditor.recorder.samples?.length > 2);
    result.flown.from = await pose();
    await fly("w");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await fly("d");
    result.flown.to = await pose();
    await shot("recording");
    await page.keyboard.press("o");
    result.flown.widgets = await widgets(page, id);
    result.flown.path = await path();
    await shot("flown");

    // The last two keyframes, dragged together by the dot of one of them.
    const dot = await page.evaluate(() => {
        const editor = window.spatiaEditor;
        editor.select(editor.keys.length - 2);
        editor.select(editor.keys.length - 1, { extend: true });
        editor.frameSelection();
        return editor.dotOfSelected();
    });
    await page.mouse.move(...dot);
    await page.mouse.down();
    for (let step = 1; step <= 4; step++) await page.mouse.move(dot[0] + 8 * step, dot[1]);
    await page.mouse.up();
    result.together = await widgets(page, id);

    // They look at the scene's middle, picked by a click.
    await page.evaluate(() => window.spatiaEditor.overlook());
    await editor.locator("button[name=look_at]").click();
    const stage = await editor.locator(".stage").boundingBox();
    await page.mouse.click(stage.x + stage.width / 2, stage.y + stage.height / 2);
    await page.waitForFunction((before) => window.spatiaEditor.value("keyframes") !== before, result.together.keyframes);
    result.looking = await widgets(page, id);

    // Back to frame 5, and a rest there.
    await page.evaluate(() => window.spatiaEditor.goTo(5));
    await editor.locator("button[name=return_here]").click();
    await editor.locator("input[name=hold_frames]").fill("10");
    await editor.locator("button[name=hold]").click();
    result.returned = await path();

    // Escape asks, Escape again goes on, Discard gives the values of the opening back.
    await page.keyboard.press("Escape");
    const question = editor.getByRole("alertdialog");
    await question.waitFor();
    await shot("asked");
    await page.keyboard.press("Escape");
    await question.waitFor({ state: "detached" });
    result.wentOn = await editor.count();
    await page.keyboard.press("Escape");
    await question.getByRole("button", { name: "Discard" }).click();
    await editor.waitFor({ state: "detached" });
    result.discarded = await widgets(page, id);
    return result;
};
