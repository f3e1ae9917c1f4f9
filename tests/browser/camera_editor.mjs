// Opens the camera path editor of a template's first Camera Path node, edits with mouse and keyboard, queues, reloads.
//
// Returns what the widgets hold and what the editor shows after each step, and the cameras that the server rendered.
import { dragGizmo } from "./gizmo.mjs";

const editorOf = (page) => page.getByRole("dialog", { name: "Edit path" });

/** Facts that the Camera Path node reported in its last run. */
const reported = (page, id) =>
    page.evaluate(async (nodeId) => {
        const { facts } = window.app.rootGraph.getNodeById(nodeId).spatiaReport;
        return (await window.app.api.fetchApi(`/view?${new URLSearchParams(facts)}`)).json();
    }, id);

const widgets = (page, id) =>
    page.evaluate((nodeId) => {
        const node = window.app.rootGraph.getNodeById(nodeId);
        return Object.fromEntries(node.widgets.filter((widget) => widget.options?.serialize !== false).map((widget) => [widget.name, widget.value]));
    }, id);

export default async ({ page, options, sceneLoaded, loadTemplate, save, ready }) => {
    await loadTemplate(options.template);
    const id = await page.evaluate(() => window.app.rootGraph.nodes.find((node) => node.type === "SpatiaCameraPath").id);
    const result = { id, first: await widgets(page, id) };

    // Only this node and what it needs: the scene appears in the editor.
    await page.evaluate((nodeId) => {
        const node = window.app.rootGraph.getNodeById(nodeId);
        node.widgets.find((widget) => widget.type === "button").callback();
    }, id);
    const editor = editorOf(page);
    await editor.waitFor();
    await sceneLoaded(editor);
    result.preset = await page.evaluate(() => ({ facts: window.spatiaEditor.facts, points: window.spatiaEditor.viewer.cloud.count }));
    const shot = async (name) => {
        if (!options.pictures) return; // for who wants to look at them
        await page.waitForTimeout(1500);
        await page.screenshot({ path: `${options.folder}/${name}.png` });
    };
    await shot("scene");

    // A preset becomes keyframes; the dots stand where the editor says.
    await editor.getByRole("button", { name: "Turn into keyframes" }).click();
    result.converted = await widgets(page, id);

    // A keyframe from the mouse: playhead to the middle of the timeline, then the button.
    const strip = await editor.locator("canvas.timeline").boundingBox();
    await page.mouse.click(strip.x + 0.3 * strip.width, strip.y + 70);
    await editor.getByRole("button", { name: "Add keyframe" }).click();
    result.added = await widgets(page, id);
    result.addedFrame = Number(await editor.locator("input[name=frame]").inputValue());

    // Its dot is dragged with the mouse in the view.
    const dot = await page.evaluate(() => window.spatiaEditor.dotOfSelected());
    await page.mouse.move(dot[0], dot[1]);
    await page.mouse.down();
    for (let step = 1; step <= 5; step++) await page.mouse.move(dot[0] + 12 * step, dot[1] - 6 * step);
    await page.mouse.up();
    result.dragged = await widgets(page, id);
    await shot("dragged");

    // Undo and redo from the keyboard: the drag is one step.
    await page.keyboard.press("Control+z");
    result.undone = await widgets(page, id);
    await page.keyboard.press("Control+Shift+z");
    result.redone = await widgets(page, id);

    // Exact numbers beside, and the diamond to another frame.
    const yaw = editor.locator("input[name=yaw]");
    await yaw.fill("-20");
    await yaw.press("Enter");
    const fov = editor.locator("input[name=fov]");
    await fov.fill("50");
    await fov.press("Enter");
    result.typed = await widgets(page, id);

    // Through the camera, and the projection; the coverage strip is complete.
    await page.waitForFunction(() => window.spatiaEditor.measured(), null, { timeout: 120_000 });
    result.coverage = await page.evaluate(() => window.spatiaEditor.coverage);
    await editor.getByRole("button", { name: "Projection" }).click();
    await shot("projection");
    result.shown = await page.evaluate(() => window.spatiaEditor.path.map(({ w2c, intrinsics }) => [...w2c, ...intrinsics]));
    await editor.getByRole("button", { name: "Done" }).click();
    await editor.waitFor({ state: "detached" });

    // The server's cameras for the same widgets.
    await page.evaluate(() => delete window.app.rootGraph.nodes.find((node) => node.type === "SpatiaCameraPath").spatiaReport);
    await page.evaluate((nodeId) => window.app.queuePrompt(0, 1, [String(nodeId)]), id);
    await page.waitForFunction((nodeId) => window.app.rootGraph.getNodeById(nodeId).spatiaReport, id, { timeout: 600_000 });
    result.queued = await reported(page, id);

    // After a reload everything is found again.
    const before = await save();
    await page.waitForTimeout(3000);
    await page.reload();
    await ready();
    await page.waitForFunction((count) => window.app.rootGraph.nodes.length === count, before.nodes.length);
    result.reloaded = await widgets(page, id);
    await page.evaluate(
        (nodeId) =>
            window.app.rootGraph
                .getNodeById(nodeId)
                .widgets.find((widget) => widget.type === "button")
                .callback(),
        id,
    );
    await editor.waitFor();
    await page.waitForFunction(() => window.spatiaEditor?.viewer?.cloud);
    result.reopened = await page.evaluate(() => window.spatiaEditor.path.map(({ w2c, intrinsics }) => [...w2c, ...intrinsics]));
    await shot("reopened");

    // The scene of an earlier request comes after that of a later one (none at all): it is dropped. Asked again, it comes.
    const points = () => page.evaluate(() => window.spatiaEditor.viewer.cloud?.count ?? 0);
    const scenes = [await points()];
    let release;
    const held = new Promise((resolve) => (release = resolve));
    const late = /\/view\?.*spatia/;
    await page.route(late, (route) => held.then(() => route.continue()));
    const asked = page.waitForRequest(late);
    const earlier = page.evaluate(() => window.spatiaEditor.loadScene());
    await asked;
    await page.evaluate(() => window.spatiaEditor.showPoints(null));
    release();
    await earlier;
    scenes.push(await points());
    await page.unroute(late);
    await page.evaluate(() => window.spatiaEditor.loadScene());
    scenes.push(await points());
    result.scenes = scenes;

    // Flying: W goes where the camera looks, the mouse turns it on the spot.
    const pose = () => page.evaluate(() => window.spatiaEditor.viewer.pose());
    result.flight = [await pose()];
    await editor.getByRole("button", { name: "Fly" }).click();
    await page.keyboard.down("w");
    await page.waitForFunction((from) => window.spatiaEditor.viewer.pose().some((v, i) => Math.abs(v - from[i]) > 0.01), result.flight[0]);
    await page.keyboard.up("w");
    await page.waitForFunction(() => window.spatiaEditor.viewer.navigation.flight == null);
    result.flight.push(await pose());
    const stage = await editor.locator(".stage").boundingBox();
    const corner = [stage.x + 60, stage.y + stage.height - 80];
    await page.mouse.move(...corner);
    await page.mouse.down();
    await page.mouse.move(corner[0] + 40, corner[1] - 20);
    await page.mouse.up();
    result.flight.push(await pose());
    await page.keyboard.press("g");

    // The gizmo moves the keyframe along one axis of the world and turns it on the spot; undone twice.
    await page.evaluate(() => window.spatiaEditor.overlook());
    await page.keyboard.press("PageDown");
    result.held = await page.evaluate(() => window.spatiaEditor.selected);
    await dragGizmo(page, "X", [40, 0]);
    result.moved = await widgets(page, id);
    await shot("gizmo");
    await page.keyboard.press("r");
    await dragGizmo(page, "Y", [40, 10]);
    result.turned = await widgets(page, id);
    await page.keyboard.press("Control+z");
    await page.keyboard.press("Control+z");
    result.unturned = await widgets(page, id);

    // Every format that is written is read again as the same path. A small window: it is drawn in software.
    await page.setViewportSize({ width: 1000, height: 650 });
    const path = () => page.evaluate(() => window.spatiaEditor.path.map(({ w2c, intrinsics }) => [...w2c, ...intrinsics]));
    result.exported = await path();
    result.imported = {};
    for (const [format, count] of [
        ["keyframes", 1],
        ["spatia", 2],
        ["realestate10k", 1],
        ["nerfstudio", 1],
        ["colmap", 2],
    ]) {
        const files = [];
        const all = new Promise((resolve) => {
            page.on("download", async (download) => {
                const file = `${options.folder}/${format}/${download.suggestedFilename()}`;
                await download.saveAs(file);
                files.push(file);
                if (files.length === count) resolve();
            });
        });
        await editor.locator("select[name=export]").selectOption(format);
        await all;
        page.removeAllListeners("download");
        await editor.locator("select[name=preset]").selectOption("static");
        await editor.locator("input[type=file]").setInputFiles(files.sort());
        await page.waitForFunction(() => window.spatiaEditor.state.preset === "keyframes");
        result.imported[format] = { path: await path(), files: files.length };
        for (let i = 0; i < 2; i++) await editor.locator("button[name=undo]").click();
    }
    result.unimported = await widgets(page, id);
    // A pose file has one lens for all frames, and this path zooms.
    await editor.locator("select[name=export]").selectOption("memorize");
    const said = () => page.evaluate(() => window.spatiaEditor.messages.textContent);
    await page.waitForFunction(() => /zoom/.test(window.spatiaEditor.messages.textContent));
    result.refused = await said();
    await page.setViewportSize({ width: 1900, height: 1050 });

    // The page's light colours.
    const palette = (name) => page.evaluate((one) => window.app.extensionManager.setting.set("Comfy.ColorPalette", one), name);
    await palette("light");
    await page.waitForFunction(() => !window.spatiaEditor.viewer.theme.dark);
    result.light = await editor.evaluate((dialog) => {
        const { backgroundColor, color } = getComputedStyle(dialog);
        return { background: backgroundColor, text: color, view: window.spatiaEditor.viewer.scene.background.toArray() };
    });
    await shot("light");
    await palette("dark");
    await page.waitForFunction(() => window.spatiaEditor.viewer.theme.dark);
    // Nothing is different from when it was opened: Escape closes at once.
    await page.keyboard.press("Escape");
    await editor.waitFor({ state: "detached" });
    result.closed = await widgets(page, id);
    return result;
};
