// Both editors at work on the scene that the bundled model makes of the example image. Returns {name: picture file}.
import { dragGizmo } from "./gizmo.mjs";

const press = (page, type) =>
    page.evaluate((kind) => {
        const node = window.app.rootGraph.nodes.find((one) => one.type === kind);
        node.widgets.find((widget) => widget.type === "button").callback();
    }, type);

async function take(page, dialog, name, options) {
    await page.mouse.move(10, 10);
    await page.waitForTimeout(8000); // messages leave
    const file = `${options.folder}/${name}.png`;
    await dialog.screenshot({ path: file });
    return file;
}

async function cameraEditor({ page, sceneLoaded, options, loadTemplate }) {
    await loadTemplate("Image to loop, runs now, 41 frames out and back");
    await press(page, "SpatiaCameraPath");
    const editor = page.getByRole("dialog", { name: "Edit path" });
    await editor.waitFor();
    await sceneLoaded(editor);
    await editor.getByRole("button", { name: "Turn into keyframes" }).click();
    await page.evaluate(() => {
        const { viewer } = window.spatiaEditor;
        viewer.navigation.orbit(0.2, -0.1);
        viewer.navigation.dolly(0.8);
    });
    const strip = await editor.locator("canvas.timeline").boundingBox();
    await page.mouse.click(strip.x + 0.35 * strip.width, strip.y + 70);
    await editor.getByRole("button", { name: "Add keyframe" }).click();
    await dragGizmo(page, "Y", [0, -40]);
    await page.waitForFunction(() => window.spatiaEditor.measured());
    const file = await take(page, editor, "camera_editor", options);
    await editor.locator("button[name=done]").click();
    await editor.waitFor({ state: "detached" });
    return file;
}

async function cloudEditor({ page, sceneLoaded, options }) {
    await page.evaluate(() => {
        const { app, LiteGraph } = window;
        app.rootGraph.clear();
        const [load, fit, estimate, edit] = ["LoadImage", "SpatiaFitImage", "SpatiaEstimateScene", "SpatiaEditPointCloud"].map((type, place) => {
            const node = LiteGraph.createNode(type);
            app.rootGraph.add(node);
            node.pos = [500 * place, 100];
            return node;
        });
        load.widgets[0].value = "spatia_room.png";
        fit.widgets[0].value = fit.widgets[0].options.values.find((size) => size.startsWith("192x128"));
        const source = estimate.widgets.find(({ name }) => name === "depth_source");
        source.value = source.options.values.find((name) => name.startsWith("bundled"));
        load.connect(0, fit, 0);
        fit.connect(
            0,
            estimate,
            estimate.inputs.findIndex(({ name }) => name === "image"),
        );
        estimate.connect(0, edit, 0);
    });
    await press(page, "SpatiaEditPointCloud");
    const editor = page.getByRole("dialog", { name: "Edit cloud" });
    await editor.waitFor();
    await sceneLoaded(editor);
    await page.evaluate(() => {
        const { viewer } = window.spatiaEditor;
        viewer.navigation.orbit(0.1, -0.15);
        viewer.navigation.dolly(0.85);
        viewer.navigation.pan(0, -60);
    });
    // The pillar in the middle of the room, in a box: recoloured, then moved to the left.
    await editor.locator("button[name=box]").click();
    const [x, y] = await page.evaluate(() => {
        const { viewer } = window.spatiaEditor;
        const { left, top } = viewer.canvas.getBoundingClientRect();
        const [u, v] = viewer.toScreen([-0.12, -0.23, 4.2]);
        return [left + u, top + v];
    });
    await page.mouse.click(x, y);
    await page.waitForFunction(() => window.spatiaEditor.parts.length);
    const numbers = { center: [-0.3, -0.23, 4.4], size: [1.4, 1.74, 0.9] };
    for (const [name, values] of Object.entries(numbers)) {
        for (const [axis, value] of values.entries()) {
            const field = editor.locator(`input[name=${name}_${"xyz"[axis]}]`);
            await field.fill(String(value));
            await field.press("Enter");
        }
    }
    await editor.locator("input[name=color]").evaluate((input) => {
        input.value = "#f08020";
        input.dispatchEvent(new Event("change"));
    });
    await editor.locator("select[name=mode]").selectOption("solid");
    const strength = editor.locator("input[name=strength]");
    await strength.fill("0.7");
    await strength.press("Enter");
    const rest = () => page.waitForFunction(() => !window.spatiaEditor.replaying);
    await rest();
    await editor.locator("button[name=act_recolor]").click();
    await rest();
    await editor.locator("button[name=act_transform]").click();
    await page.waitForFunction(() => window.spatiaEditor.gizmo.target?.of === "edit");
    await editor.locator("button[name=navigate]").click();
    await dragGizmo(page, "X", [-130, 0]);
    await rest();
    return take(page, editor, "cloud_editor", options);
}

export default async (tools) => ({ camera_editor: await cameraEditor(tools), cloud_editor: await cloudEditor(tools) });
