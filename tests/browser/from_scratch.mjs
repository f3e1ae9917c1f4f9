// From an empty graph to a video by mouse and keyboard alone: nodes out of the search, links dragged, defaults left as
// they are, Run pressed. Then a mistake, and what the page says of it.
import { framesDrawn } from "./page.mjs";

const SCALE = 0.62;

// Title to search, kind, and where it is put (graph coordinates).
const NODES = [
    ["Load Image", "LoadImage", [0, 0]],
    ["Load Spatia Model", "SpatiaLoadModel", [0, 620]],
    ["Camera Path", "SpatiaCameraPath", [440, 640]],
    ["Fit Image", "SpatiaFitImage", [480, 0]],
    ["Spatia Video", "SpatiaVideo", [960, 0]],
    ["World Video", "SpatiaWorldVideo", [1640, 0]],
];
const LINKS = [
    ["LoadImage", "IMAGE", "SpatiaFitImage", "image"],
    ["SpatiaLoadModel", "model", "SpatiaFitImage", "model"],
    ["SpatiaLoadModel", "model", "SpatiaVideo", "model"],
    ["SpatiaLoadModel", "clip", "SpatiaVideo", "clip"],
    ["SpatiaLoadModel", "vae", "SpatiaVideo", "vae"],
    ["SpatiaCameraPath", "cameras", "SpatiaVideo", "cameras"],
    ["SpatiaFitImage", "image", "SpatiaVideo", "image"],
    ["SpatiaVideo", "world", "SpatiaWorldVideo", "world"],
    ["SpatiaLoadModel", "vae", "SpatiaWorldVideo", "vae"],
];

/** Window coordinates of a place in the graph. */
const toWindow = (page, at) =>
    page.evaluate(([x, y]) => {
        const { canvas, ds } = { canvas: window.app.canvas.canvas, ds: window.app.canvas.ds };
        const box = canvas.getBoundingClientRect();
        return [box.left + (x + ds.offset[0]) * ds.scale, box.top + (y + ds.offset[1]) * ds.scale];
    }, at);

async function addNode(page, title, kind, at) {
    const [x, y] = await toWindow(page, at);
    const search = page.locator('input[aria-label="Search Nodes"], .comfy-vue-node-search-container input, [role="combobox"]').last();
    // A canvas that is still being drawn for the first time misses a click.
    for (let tries = 0; !(await search.isVisible()); tries++) {
        if (tries > 10) throw new Error(`the search did not open for ${title}`);
        await page.mouse.dblclick(x, y);
        await search.waitFor({ timeout: 5000 }).catch(() => {});
    }
    await search.fill(title);
    // The one of exactly this title, wherever it is listed.
    await page.getByText(title, { exact: true }).last().waitFor();
    await page.waitForTimeout(300); // the list is filtered some time after the last key
    await page.keyboard.press("Enter");
    await page.waitForFunction((wanted) => window.app.rootGraph.nodes.some((node) => node.type === wanted), kind);
    // The page hangs it on the mouse until a click: it is taken up when it follows.
    const place = () => page.evaluate((wanted) => [...window.app.rootGraph.nodes.find((node) => node.type === wanted).pos], kind);
    const before = String(await place());
    for (let tries = 0; tries < 20 && String(await place()) === before; tries++) {
        await page.mouse.move(x + 30 * (tries % 2), y, { steps: 3 });
        await framesDrawn(page);
    }
    await page.mouse.move(x, y, { steps: 3 });
    await framesDrawn(page);
    await page.mouse.click(x, y);
    await framesDrawn(page);
}

async function drag(page, from, to) {
    await page.mouse.move(...from);
    await page.mouse.down();
    await page.mouse.move((from[0] + to[0]) / 2, (from[1] + to[1]) / 2, { steps: 4 });
    await page.mouse.move(...to, { steps: 4 });
    await page.mouse.up();
    await framesDrawn(page);
}

async function link(page, [from, output, to, input]) {
    const ends = await page.evaluate(
        ([from, output, to, input]) => {
            const [a, b] = [from, to].map((kind) => window.app.rootGraph.nodes.find((node) => node.type === kind));
            return [a.getOutputPos(a.findOutputSlot(output)), b.getInputPos(b.findInputSlot(input))].map((at) => [...at]);
        },
        [from, output, to, input],
    );
    await drag(page, ...(await Promise.all(ends.map((at) => toWindow(page, at)))));
}

export default async ({ page, options, queue }) => {
    await page.evaluate(() => window.app.extensionManager.command.execute("Comfy.NewBlankWorkflow"));
    await page.waitForFunction(() => window.app.rootGraph.nodes.length === 0);
    await page.evaluate((scale) => {
        window.app.canvas.ds.scale = scale;
        window.app.canvas.ds.offset = [170 / scale, 130 / scale];
        window.app.canvas.setDirty(true, true);
    }, SCALE);
    for (const node of NODES) await addNode(page, ...node);
    for (const ends of LINKS) await link(page, ends);
    const links = await page.evaluate(() => [...window.app.rootGraph.links.values()].length);
    // The prompt is typed, and a shorter path: fewer clips to wait for. All else stays as it came.
    const frames = await page.evaluate(() => {
        const node = window.app.rootGraph.nodes.find((one) => one.type === "SpatiaCameraPath");
        const { y } = node.widgets.find((widget) => widget.name === "frames");
        return [node.pos[0] + node.size[0] / 2, node.pos[1] + y + 10];
    });
    await page.mouse.click(...(await toWindow(page, frames)));
    const field = page.locator(".graphdialog input");
    await field.fill("41");
    await field.press("Enter");
    const prompt = page.locator('textarea[placeholder="prompts"]:visible');
    await prompt.click();
    await page.keyboard.type("a quiet room");
    await page.mouse.click(...(await toWindow(page, [-60, 500])));
    await page.evaluate((picture) => {
        window.app.rootGraph.nodes.find((node) => node.type === "LoadImage").widgets[0].value = picture;
    }, options.picture);
    const outputs = await queue();
    await page.screenshot({ path: `${options.folder}/from_scratch.png` });
    const told = Object.values(outputs).find((output) => output.spatia_video);
    const size = await page.evaluate(async (file) => {
        const image = new Image();
        image.src = window.app.api.apiURL(`/view?${new URLSearchParams(file)}`);
        await image.decode();
        return [image.naturalWidth, image.naturalHeight];
    }, told.spatia_video[0].image);

    // A mistake that is known before the run.
    await page.evaluate(() => {
        const node = window.app.rootGraph.nodes.find((one) => one.type === "SpatiaVideo");
        node.widgets.find((widget) => widget.name === "later_frames").value = 26;
    });
    const answer = page.waitForResponse((response) => response.url().endsWith("/prompt") && response.request().method() === "POST");
    await page.getByTestId("queue-button").click();
    const refusal = await (await answer).json();
    await page.waitForFunction(() => Object.keys(window.app.lastNodeErrors ?? {}).length);
    await page.screenshot({ path: `${options.folder}/refused.png` });
    const errors = await page.evaluate(() => Object.values(window.app.lastNodeErrors).flatMap((entry) => entry.errors.map((error) => error.message)));
    return {
        links,
        wanted: LINKS.length,
        size,
        report: told.text.join("\n"),
        warnings: told.spatia_report[0].warnings,
        errors,
        refused: Object.values(refusal.node_errors).flatMap((entry) => entry.errors).length,
        videos: Object.values(outputs)
            .flatMap((output) => output.images ?? [])
            .filter((file) => file.filename.endsWith(".mp4")).length,
    };
};
