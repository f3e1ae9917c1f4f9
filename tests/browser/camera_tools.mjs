// The path editor's tools, on a Camera Path node alone: the orientation gizmo and the grid, an animated camera written and
// read, a dragged keyframe snapped onto an earlier one, the curve of speed dragged and made even. Returns what the widgets hold and what the editor shows after each step.
import { readFileSync } from "node:fs";
import { dragGizmo } from "./gizmo.mjs";

const keyframes = (page) => page.evaluate(() => structuredClone(window.spatiaEditor.state.keyframes));
const path = (page) => page.evaluate(() => window.spatiaEditor.path.map(({ w2c, intrinsics }) => [...w2c, ...intrinsics]));

/** The free view's grid and gizmo: directions it is turned to, and when the grid is drawn. */
async function guides(page, editor) {
    const shown = () => page.evaluate(() => window.spatiaEditor.viewer.guides.group.visible);
    const result = { first: await shown(), looks: {} };
    for (const side of ["above", "right", "behind"]) {
        await editor.locator(`button[name=look_from_${side}]`).click();
        await page.waitForFunction(() => window.spatiaEditor.viewer.navigation.turning === null);
        result.looks[side] = await page.evaluate(() => [2, 6, 10].map((i) => window.spatiaEditor.viewer.pose()[i]));
    }
    await page.keyboard.press("x");
    await page.waitForFunction(() => !window.spatiaEditor.viewer.guides.group.visible);
    result.kept = await page.evaluate(() => localStorage.getItem("spatia.guides"));
    await editor.getByRole("button", { name: "Grid" }).click();
    await page.waitForFunction(() => window.spatiaEditor.viewer.guides.group.visible);
    await page.keyboard.press("2");
    await page.waitForFunction(() => !window.spatiaEditor.viewer.guides.group.visible);
    result.corner = await editor.locator(".corner").isVisible();
    await page.keyboard.press("1");
    await page.waitForFunction(() => window.spatiaEditor.viewer.guides.group.visible);
    return result;
}

/** The path as a .glb, and read again. */
async function animated(page, editor, options) {
    const before = await path(page);
    const [download] = await Promise.all([page.waitForEvent("download"), editor.locator("select[name=export]").selectOption("gltf")]);
    const file = `${options.folder}/cameras.glb`;
    await download.saveAs(file);
    const result = { name: download.suggestedFilename(), magic: readFileSync(file).toString("latin1", 0, 4), before };
    await editor.locator("input[type=file]").setInputFiles(file);
    await page.waitForFunction(() => window.spatiaEditor.state.units === "scene");
    result.after = await path(page);
    await page.keyboard.press("Control+z");
    result.undone = await path(page);
    // Of several cameras, the one that is clicked.
    const lens = { type: "perspective", perspective: { yfov: 1, aspectRatio: 1.5, znear: 1 } };
    const nodes = [
        { name: "Wide", camera: 0 },
        { name: "Close", camera: 0 },
    ];
    const two = JSON.stringify({ asset: { version: "2.0" }, cameras: [lens], nodes });
    await editor.locator("input[type=file]").setInputFiles({ name: "two.gltf", mimeType: "model/gltf+json", buffer: Buffer.from(two) });
    await editor.getByRole("button", { name: "Close", exact: true }).click();
    await page.waitForFunction(() => window.spatiaEditor.path.length < 3);
    result.chosen = await path(page);
    await page.keyboard.press("Control+z");
    return result;
}

/** Drags the selected keyframe's dot to a place (pixels of the page), without letting go. */
async function dragDot(page, to) {
    const from = await page.evaluate(() => window.spatiaEditor.dotOfSelected());
    await page.mouse.move(...from);
    await page.mouse.down();
    for (let step = 1; step <= 4; step++) await page.mouse.move(...from.map((v, i) => v + ((to[i] - v) * step) / 4));
}

/** The last keyframe, which zooms, dragged near the second one: snapped, not with Alt, away again, and undone. */
async function snapping(page, editor, options) {
    const dotOf = (index) =>
        page.evaluate((i) => {
            const { viewer, keys } = window.spatiaEditor;
            const [a, b, c, x, d, e, f, y, g, h, k, z] = keys[i].w2c;
            const box = viewer.canvas.getBoundingClientRect();
            const at = viewer.toScreen([-(a * x + d * y + g * z), -(b * x + e * y + h * z), -(c * x + f * y + k * z)]);
            return [box.left + at[0], box.top + at[1]];
        }, index);
    const name = editor.locator(".snap");
    const last = (await keyframes(page)).length - 1;
    await page.evaluate((index) => {
        window.spatiaEditor.overlook();
        window.spatiaEditor.select(index);
    }, last);
    const fov = editor.locator("input[name=fov]");
    await fov.fill("40");
    await fov.press("Enter");
    const result = { before: await keyframes(page) };
    const goal = await dotOf(1);
    await dragDot(page, [goal[0] + 4, goal[1] - 3]);
    result.snapped = await keyframes(page);
    result.name = await name.textContent();
    await page.screenshot({ path: `${options.folder}/snapped.png` });
    await page.keyboard.down("Alt");
    await page.mouse.move(goal[0] + 5, goal[1] - 3);
    result.free = await keyframes(page);
    result.named = await name.isVisible();
    await page.keyboard.up("Alt");
    await page.mouse.move(goal[0] + 60, goal[1] - 40);
    result.away = await keyframes(page);
    await page.mouse.move(goal[0] + 3, goal[1]);
    await page.mouse.up();
    result.dropped = await keyframes(page);
    result.path = await path(page);
    result.gone = !(await name.isVisible());
    await page.keyboard.press("Control+z");
    result.undone = await keyframes(page);
    // The gizmo's arrow along x leads there too, and its ring turns on from there without being held back.
    await page.evaluate((index) => {
        const { keyframes: actions, state } = window.spatiaEditor;
        const { right, up, forward, yaw } = state.keyframes[1];
        actions.set({ right: right + 0.3, up, forward, yaw: yaw - 40, zoom: 1, fov: null });
        window.spatiaEditor.select(index);
    }, last);
    const [from, to] = [await dotOf(last), await dotOf(1)];
    await dragGizmo(page, "X", [to[0] - from[0], to[1] - from[1]]);
    result.arrow = await keyframes(page);
    // A keyframe that stands on another's spot and looks elsewhere is not changed by a touch.
    await page.evaluate((index) => {
        window.spatiaEditor.select(index);
        window.spatiaEditor.keyframes.set({ yaw: -40 });
    }, last);
    const spot = await dotOf(last);
    await dragDot(page, [spot[0] + 2, spot[1] - 2]);
    await page.mouse.up();
    result.touched = await keyframes(page);
    await page.keyboard.press("Control+z");
    await page.keyboard.press("Control+z");
    await page.keyboard.press("r");
    await dragGizmo(page, "Y", [30, 4]);
    result.ring = await keyframes(page);
    await page.keyboard.press("t");
    for (let step = 0; step < 4; step++) await page.keyboard.press("Control+z");
    return result;
}

/** A way made slower by dragging its part of the curve of speed down, undone; all of it made even; a click there scrubs. */
async function speeds(page, editor, options) {
    const strip = await editor.locator("canvas.timeline").boundingBox();
    const state = () => page.evaluate(() => ({ keys: structuredClone(window.spatiaEditor.state.keyframes), frames: window.spatiaEditor.state.frames, moves: window.spatiaEditor.time.speeds.moves })); // prettier-ignore
    const x = (frame) => page.evaluate((at) => window.spatiaEditor.time.timeline.x(at), frame);
    await page.evaluate(() => {
        const { keyframes } = window.spatiaEditor.state;
        window.spatiaEditor.select(keyframes.length - 1);
        window.spatiaEditor.keyframes.set({ easing: "smooth" });
    });
    const result = { before: await state() };
    const [a, b] = result.before.keys.slice(1, 3).map((key) => key.frame);
    const spot = [strip.x + (await x((a + b) / 2)), strip.y + 125];
    await page.mouse.move(...spot);
    result.title = await editor.locator("canvas.timeline").getAttribute("title");
    await page.mouse.down();
    for (let step = 1; step <= 4; step++) await page.mouse.move(spot[0], spot[1] + 10 * step);
    await page.screenshot({ path: `${options.folder}/slower.png` });
    await page.mouse.up();
    result.slower = await state();
    await page.keyboard.press("Control+z");
    result.undone = await state();
    await page.mouse.move(...spot);
    await page.mouse.down();
    for (let step = 1; step <= 4; step++) await page.mouse.move(spot[0], spot[1] - 10 * step);
    await page.mouse.up();
    result.faster = await state();
    await page.keyboard.press("Control+z");
    await page.mouse.click(...spot);
    result.scrubbed = await page.evaluate(() => window.spatiaEditor.frame);
    result.spot = Math.round((a + b) / 2);
    // The same by keyboard: the click has put the playhead on the way, and the focus on the time line.
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Shift+ArrowDown");
    result.longer = await state();
    await page.keyboard.press("ArrowUp");
    result.shorter = { ...(await state()), frame: await page.evaluate(() => window.spatiaEditor.frame) };
    for (let step = 0; step < 3; step++) await page.keyboard.press("Control+z");
    await editor.getByRole("button", { name: "Even speed" }).click();
    result.even = await state();
    await page.screenshot({ path: `${options.folder}/even.png` });
    return result;
}

export default async ({ page, options }) => {
    await page.setViewportSize({ width: 1100, height: 700 });
    await page.evaluate(() => {
        window.app.rootGraph.clear();
        const node = window.LiteGraph.createNode("SpatiaCameraPath");
        window.app.rootGraph.add(node);
        node.widgets.find((widget) => widget.type === "button").callback();
    });
    const editor = page.getByRole("dialog", { name: "Edit path" });
    await editor.waitFor();
    await page.waitForFunction(() => window.spatiaEditor?.looked);
    const result = { guides: await guides(page, editor) };
    await editor.getByRole("button", { name: "Turn into keyframes" }).click();
    result.keyframes = await keyframes(page);
    result.animated = await animated(page, editor, options);
    result.snapping = await snapping(page, editor, options);
    result.speeds = await speeds(page, editor, options);
    return result;
};
