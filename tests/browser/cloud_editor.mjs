// Opens the cloud editor of an Edit Point Cloud node behind a loaded scene, selects and edits with the mouse, queues,
// reloads. Returns what the widget holds and what the editor shows after each step.
import { dragGizmo } from "./gizmo.mjs";

const editorOf = (page) => page.getByRole("dialog", { name: "Edit cloud" });

/** What the node keeps, and what the editor says of it, once it is at rest. */
async function state(page, id) {
    await page.waitForFunction(
        () =>
            !window.spatiaEditor ||
            !(window.spatiaEditor.replaying || window.spatiaEditor.selecting.drawing || window.spatiaEditor.selecting.brush.dabs.childElementCount),
    );
    return page.evaluate((nodeId) => {
        const node = window.app.rootGraph.getNodeById(nodeId);
        const { result, parts = [] } = window.spatiaEditor ?? {};
        const shown = document.querySelector("output[name=selected]")?.dataset.count;
        return {
            edits: node.widgets.find((widget) => widget.name === "edits").value,
            counts: result?.counts,
            failures: result?.failures,
            points: result?.points,
            parts: parts.length,
            hidden: result?.hidden,
            locked: result?.locked,
            told: document.querySelector("output[name=away]")?.textContent,
            selected: shown ? Number(shown) : null,
        };
    }, id);
}

/** Window coordinates of world points in the editor's view. */
const onScreen = (page, points) =>
    page.evaluate((list) => {
        const { viewer } = window.spatiaEditor;
        const box = viewer.canvas.getBoundingClientRect();
        return list.map((point) => viewer.toScreen(point)).map(([x, y]) => [box.left + x, box.top + y]);
    }, points);

async function drag(page, line, { held } = {}) {
    if (held) await page.keyboard.down(held);
    await page.mouse.move(...line[0]);
    await page.mouse.down();
    for (const at of line.slice(1)) await page.mouse.move(...at);
    await page.mouse.up();
    if (held) await page.keyboard.up(held);
}

/** A circle in the window round a sphere of the world, at `share` of its outline. */
async function outline(page, centre, radius, share) {
    const [middle] = await onScreen(page, [centre]);
    const shift = await page.evaluate(
        ([at, r]) => {
            const { viewer } = window.spatiaEditor;
            const c2w = viewer.pose();
            const away = [0, 1, 2].map((i) => at[i] - c2w[4 * i + 3]);
            const far = Math.hypot(...away);
            // The outline of a sphere lies nearer than its middle, on the cone that touches it.
            const reach = (r * Math.sqrt(far * far - r * r)) / far;
            const point = at.map((v, i) => v + reach * c2w[4 * i] - ((r * r) / far) * (away[i] / far));
            const [[x, y], [u, v]] = [viewer.toScreen(at), viewer.toScreen(point)];
            return Math.hypot(u - x, v - y);
        },
        [centre, radius],
    );
    return Array.from({ length: 41 }, (_, k) => (k / 40) * 2 * Math.PI).map((a) => [
        middle[0] + share * shift * Math.cos(a),
        middle[1] + share * shift * Math.sin(a),
    ]);
}

async function open(page, id) {
    await page.evaluate((nodeId) => {
        const node = window.app.rootGraph.getNodeById(nodeId);
        node.widgets.find((widget) => widget.type === "button").callback();
    }, id);
    const editor = editorOf(page);
    await editor.waitFor();
    return editor;
}

/**
 * The brush, hide and lock, and an object by a mask, on the scene without edits: an edit of what is left is made, and
 * taken back. Before it, everything is undone.
 */
async function brushAndHide(page, id, editor, options, shot) {
    const { ball, box } = options;
    const press = async (keys) => {
        for (const key of keys) await page.keyboard.press(key);
        return state(page, id);
    };
    const selection = () => page.evaluate(() => structuredClone(window.spatiaEditor.selection));
    const told = {};
    // Across the ball and the floor: two strokes at least, for between them the surface jumps. The second adds, Ctrl takes away.
    await press(["8", "]"]);
    told.radius = await page.evaluate(() => window.spatiaEditor.brush);
    const [from, to, floor] = await onScreen(page, [
        [ball.center[0] - 0.1, ball.center[1], ball.center[2] - ball.radius],
        [ball.center[0] + 0.5, ball.center[1] + 0.1, ball.center[2]],
        options.floor,
    ]);
    await page.mouse.move(...from);
    await page.waitForFunction(() => !window.spatiaEditor.selecting.brush.circle.hasAttribute("hidden"));
    told.circle = await page.evaluate(() => Number(window.spatiaEditor.selecting.brush.circle.getAttribute("r")));
    await drag(
        page,
        Array.from({ length: 13 }, (_, i) => [0, 1].map((axis) => from[axis] + ((to[axis] - from[axis]) * i) / 12)),
    );
    await page.waitForFunction(() => window.spatiaEditor.parts.length === 1);
    told.stroke = { ...(await state(page, id)), selection: await selection() };
    await shot("brushed");
    await page.mouse.click(...floor);
    await page.waitForFunction(() => window.spatiaEditor.parts.length === 2);
    told.dab = await state(page, id);
    await drag(page, [floor, [floor[0] + 3, floor[1]]], { held: "Control" });
    await page.waitForFunction(() => window.spatiaEditor.parts.length === 3);
    told.taken = { ...(await state(page, id)), selection: await selection() };
    told.unpainted = await press(["Control+z", "Control+z", "Control+z"]);

    // The ball's front is hidden, then its back, which is behind it; what is left of the view is locked.
    await press(["4"]);
    await drag(page, await outline(page, ball.center, ball.radius, 0.9));
    await page.waitForFunction(() => window.spatiaEditor.parts.length);
    told.front = await state(page, id);
    told.hidden = await press(["h"]);
    await drag(page, await outline(page, ball.center, ball.radius, 0.8));
    await page.waitForFunction(() => window.spatiaEditor.parts.length);
    told.behind = { ...(await state(page, id)), selection: await selection() };
    await shot("behind");
    told.both = await press(["h"]);
    told.drawn = await page.evaluate(() => window.spatiaEditor.viewer.cloud.count);
    await page.evaluate((sphere) => window.spatiaEditor.selecting.addPart("new", sphere), { shape: "sphere", center: box.middle, radius: 0.5 });
    told.sphere = await state(page, id);
    told.lockedNow = await press(["l"]);
    await shot("locked");
    told.all = { ...(await press(["Control+a"])), selection: await selection() };
    await editor.locator("button[name=show_all]").click();
    told.shown = { ...(await state(page, id)), selection: await selection() };
    // An edit of it is made, and replayed by the test without the page.
    await editor.locator("button[name=act_recolor]").click();
    told.recolored = await state(page, id);
    told.again = await press(["Control+z", "Control+z", "Control+z"]);
    for (const name of ["show_all", "unlock_all"]) await editor.locator(`button[name=${name}]`).click();

    // A mask picture of the second frame; without SAM 3's weights a click says what is missing.
    await press(["9"]);
    await page.evaluate(() => {
        window.spatiaEditor.previewFrame = 1;
        window.spatiaEditor.refresh();
    });
    await editor.locator("input[name=mask_picture]").setInputFiles(options.mask);
    await page.waitForFunction(() => window.spatiaEditor.selection?.points?.length > 8 && !window.spatiaEditor.replaying);
    told.mask = { ...(await state(page, id)), selection: await selection() };
    await shot("mask");
    await page.mouse.click(...floor);
    await editor.getByText("weights are missing").waitFor();
    told.noWeights = await editor.getByText("weights are missing").textContent();

    await page.evaluate(() => {
        while (window.spatiaEditor.done.length) window.spatiaEditor.undo();
        window.spatiaEditor.previewFrame = window.spatiaEditor.facts.cameras.length - 1;
    });
    told.end = await state(page, id);
    await editor.locator("button[name=navigate]").click();
    return told;
}

export default async ({ page, options, queue, ready, editedScene }) => {
    const { ball, box } = options;
    const id = await editedScene({ file: options.file, prefix: "edited/room" });
    const shot = async (name) => {
        if (!options.pictures) return; // for who wants to look at them
        await page.waitForTimeout(800);
        await page.screenshot({ path: `${options.folder}/${name}.png` });
    };
    const result = { id };

    // Nothing has run: the editor says so, and runs this node and what it needs.
    const editor = await open(page, id);
    await page.waitForFunction(() => window.spatiaEditor?.looked);
    result.empty = await editor.getByText("nothing to show yet").count();
    await shot("empty");
    const before = Date.now();
    await editor.locator("button[name=load]").click();
    await editor.locator("button[name=load]").waitFor({ state: "detached" });
    await page.waitForFunction(() => window.spatiaEditor.result);
    result.loadedAfter = Date.now() - before;
    result.scene = await state(page, id);
    await shot("scene");

    result.tools = await brushAndHide(page, id, editor, options, shot);

    // The ball's front, by lasso; removed; back; away again.
    await editor.locator("button[name=lasso]").click();
    await drag(page, await outline(page, ball.center, ball.radius, 0.9));
    await page.waitForFunction(() => window.spatiaEditor.parts.length);
    result.lassoed = await state(page, id);
    await shot("lassoed");
    await editor.locator("button[name=through]").click();
    result.through = await state(page, id);
    await editor.locator("button[name=front]").click();
    await page.keyboard.press("Delete");
    result.removed = await state(page, id);
    await page.keyboard.press("Control+z");
    result.undone = await state(page, id);
    await page.keyboard.press("Control+Shift+z");
    result.redone = await state(page, id);

    // The box by a cluster inside a sphere, recoloured, then moved with the gizmo's own keys and fields.
    await editor.locator("button[name=sphere]").click();
    const [middle, edge] = await onScreen(page, [box.front, [box.front[0] + 0.45, box.front[1], box.front[2]]]);
    await drag(page, [middle, [(middle[0] + edge[0]) / 2, middle[1]], edge]);
    await page.waitForFunction(() => window.spatiaEditor.parts.length);
    result.sphere = await state(page, id);
    await shot("sphere");
    await editor.locator("select[name=selection_mode]").selectOption("subtract");
    await editor.locator("button[name=plane]").click();
    const floor = await onScreen(page, [options.floor]);
    await page.mouse.click(...floor[0]);
    await page.waitForFunction(() => window.spatiaEditor.parts.length === 2);
    await editor.locator("select[name=selection_mode]").selectOption("intersect");
    await editor.locator("button[name=cluster]").click();
    await page.mouse.click(...middle);
    await page.waitForFunction(() => window.spatiaEditor.parts.length === 3);
    await editor.locator("select[name=selection_mode]").selectOption("new");
    result.box = await state(page, id);
    await shot("box");
    await editor.locator("input[name=color]").evaluate((input) => {
        input.value = "#20c040";
        input.dispatchEvent(new Event("change"));
    });
    await editor.locator("button[name=act_recolor]").click();
    result.recolored = await state(page, id);
    await editor.locator("button[name=act_transform]").click();
    await page.waitForFunction(() => window.spatiaEditor.gizmo.target?.of === "edit");
    await shot("gizmo");
    // The gizmo's arrow along the world's x, dragged to the right.
    await editor.locator("button[name=navigate]").click();
    await dragGizmo(page, "X", [60, 0]);
    result.dragged = await state(page, id);
    const turn = editor.locator("input[name=rotate_y]");
    await turn.fill("30");
    await turn.press("Enter");
    result.turned = await state(page, id);
    await shot("moved");

    // Scaled along one axis and turned with the mouse; undone twice.
    await editor.locator("button[name=scale]").click();
    await dragGizmo(page, "Y", [0, -40]);
    result.scaled = await state(page, id);
    await editor.locator("button[name=rotate]").click();
    await dragGizmo(page, "Y", [15, 0]);
    result.spun = await state(page, id);
    for (let i = 0; i < 2; i++) await page.keyboard.press("Control+z");
    result.unspun = await state(page, id);

    // The list: off, in another order, before and after.
    await editor.locator("input[name=on_0]").click();
    result.off = await state(page, id);
    await editor.locator("button[name=before]").click();
    await state(page, id);
    result.before = await page.evaluate(() => window.spatiaEditor.viewer.cloud.count);
    await shot("before");
    await editor.locator("button[name=before]").click();
    await editor.locator("input[name=on_0]").click();
    await editor.locator("button[name=later_0]").click();
    result.later = await state(page, id);
    result.shown = await page.evaluate(() => window.spatiaEditor.viewer.cloud.count);
    result.preview = await editor.locator(".preview canvas[data-frame]").getAttribute("data-frame");
    await shot("list");

    // A file from elsewhere: sent to the input folder, loaded by running the node, put where the view looks.
    await editor.locator("input[name=insert_file]").setInputFiles(options.part);
    await page.waitForFunction(() => {
        const { list, edits } = window.spatiaEditor;
        return list.length === 4 && !edits.placing && list[3].move;
    });
    result.inserted = await state(page, id);
    result.target = await page.evaluate(() => window.spatiaEditor.viewer.navigation.target.toArray());
    await shot("inserted");

    // Sizes follow the window; the page's other colours.
    const palette = (name) => page.evaluate((id) => window.app.extensionManager.setting.set("Comfy.ColorPalette", id), name);
    await page.setViewportSize({ width: 1000, height: 620 });
    await palette("light");
    await page.waitForFunction(() => !window.spatiaEditor.viewer.theme.dark);
    result.narrow = await page.evaluate(() => {
        const stage = document.querySelector(".cloud-editor .stage").getBoundingClientRect();
        const canvas = window.spatiaEditor.viewer.canvas.getBoundingClientRect();
        return { stage: [stage.width, stage.height], canvas: [canvas.width, canvas.height] };
    });
    await shot("narrow");
    await palette("dark");
    await page.waitForFunction(() => window.spatiaEditor.viewer.theme.dark);
    await page.setViewportSize({ width: 1900, height: 1050 });

    await editor.locator("button[name=done]").click();
    await editor.waitFor({ state: "detached" });
    result.outputs = await queue();

    // The page writes its draft a moment after a change.
    await page.waitForTimeout(3000);
    await page.reload();
    await ready();
    await page.waitForFunction((nodeId) => window.app.rootGraph.getNodeById(nodeId)?.widgets?.length, id);
    const again = await open(page, id);
    await page.waitForFunction(() => window.spatiaEditor.result);
    result.reloaded = await state(page, id);
    result.rows = await again.locator("li").count();
    await shot("reloaded");

    // One row of tools at 1366 pixels, no text cut off; larger points; F goes to what is selected.
    await page.setViewportSize({ width: 1366, height: 768 });
    result.rowsOfTools = await again.locator(".tools").evaluate((bar) => {
        const shown = [...bar.children].filter((child) => child.offsetHeight);
        return new Set(shown.map((child) => Math.round(child.getBoundingClientRect().top + child.offsetHeight / 2))).size;
    });
    result.cutOff = await again.evaluate((dialog) =>
        [...dialog.querySelectorAll(".tools > *, .side .row > *, .side legend")]
            .filter((element) => element.offsetHeight && element.scrollWidth > element.clientWidth + 1 && element.clientWidth)
            .map((element) => element.textContent),
    );
    await again.locator("input[name=point_size]").fill("1");
    result.pointScale = await page.evaluate(() => window.spatiaEditor.viewer.pointScale);
    await page.evaluate(() => window.spatiaEditor.selecting.addPart("new", { shape: "sphere", center: [0, 0.2, 2], radius: 0.5 }));
    await state(page, id);
    await page.keyboard.press("f");
    result.framed = await page.evaluate(() => window.spatiaEditor.viewer.navigation.target.toArray());
    await shot("framed");
    await page.keyboard.press("Escape");
    result.cleared = await state(page, id);

    // An edit is deleted: Escape asks, and Discard gives it back.
    await again.locator("button[name=delete_edit_3]").click();
    result.deleted = await state(page, id);
    await page.keyboard.press("Escape");
    await again.getByRole("alertdialog").getByRole("button", { name: "Discard" }).click();
    await again.waitFor({ state: "detached" });
    result.discarded = await state(page, id);

    // A connected list wins, and the editor says so.
    await page.evaluate((nodeId) => {
        const graph = window.app.rootGraph;
        const edit = graph.getNodeById(nodeId);
        const other = window.LiteGraph.createNode("PrimitiveStringMultiline");
        graph.add(other);
        other.widgets[0].value = '[{"do": "remove", "select": {"shape": "sphere", "center": [0, 0, 0], "radius": 0.1, "invert": true}, "off": true}]';
        other.connect(
            0,
            edit,
            edit.inputs.findIndex((input) => input.name === "edits"),
        );
    }, id);
    const linked = await open(page, id);
    result.linked = await linked.getByText("Connected inputs win").count();
    result.locked = await linked.locator("button[name=act_insert]").isDisabled();
    await shot("linked");
    return result;
};
