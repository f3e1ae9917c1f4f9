// Opens each named template from the template browser. Returns {name: {screens, missing, overlaps, prompt, notes, problems}}.

import { settled, viewOf } from "./page.mjs";

// The windows in which a template's first screen is judged, in pixels.
const WINDOWS = [
    [1600, 900],
    [1366, 768],
];

export default async ({ page, options, problems, openTemplates, loadTemplate, openTemplate, missingNodes, overlaps, prompt, nodes, fitView }) => {
    const found = {};
    // The browser offers all of them; a click is tried on the first, the others are opened as a click would.
    const browser = await openTemplates();
    const offered = [];
    for (const name of options.names) offered.push((await browser.getByTestId(`template-workflow-${name}`).count()) === 1);
    await page.keyboard.press("Escape");
    await browser.waitFor({ state: "hidden" });
    for (const [k, name] of options.names.entries()) {
        const before = problems.length;
        await (k ? openTemplate(name) : loadTemplate(name));
        const screens = await firstScreens(page, options.pictures && `${options.pictures}/${name}`);
        const all = await nodes();
        found[name] = {
            offered: offered[k],
            screens,
            missing: await missingNodes(),
            overlaps: await overlaps(),
            reported: await overlapsWithReports(page, overlaps),
            prompt: await prompt(),
            nodes: all.length,
            notes: await page.evaluate(() => window.app.rootGraph.nodes.filter((node) => node.type === "MarkdownNote").map((node) => node.widgets[0].value)),
            problems: problems.slice(before),
        };
        if (options.pictures) {
            await fitView();
            await page.screenshot({ path: `${options.pictures}/${name}.png` });
        }
    }
    return found;
};

/** The view a template opens with, in each of WINDOWS: {"1600x900": {scale, hidden, first, shown}}. */
async function firstScreens(page, picture) {
    const before = page.viewportSize();
    const screens = {};
    for (const [width, height] of WINDOWS) {
        await page.setViewportSize({ width, height });
        await settled(page, viewOf);
        screens[`${width}x${height}`] = await page.evaluate(firstScreen);
        if (picture) await page.screenshot({ path: `${picture} ${width}x${height}.png` });
    }
    await page.setViewportSize(before);
    return screens;
}

/**
 * In the page: {scale, hidden, first, shown}. hidden: whether the canvas leaves out text at this zoom. first: the heading of the note
 * that says what to change first, {text, font, seen}, its font in pixels on the screen, seen when its corners are the topmost
 * thing there. shown: kinds of nodes that are in the window whole.
 */
function firstScreen() {
    const { canvas, rootGraph } = window.app;
    const { scale, offset } = canvas.ds;
    const bounds = canvas.canvas.getBoundingClientRect();
    const inside = ([x, y, w, h]) => {
        const [left, top] = [(x + offset[0]) * scale + bounds.left, (y + offset[1]) * scale + bounds.top];
        return left >= 0 && top >= 0 && left + w * scale <= window.innerWidth && top + h * scale <= window.innerHeight;
    };
    const heading = [...document.querySelectorAll("h3")].find((one) => one.textContent.startsWith("Change first:") && one.offsetHeight);
    const { left, top, right, bottom, width } = heading?.getBoundingClientRect() ?? {};
    const corners = [
        [left + 2, top + 2],
        [right - 2, top + 2],
        [left + 2, bottom - 2],
        [right - 2, bottom - 2],
    ];
    return {
        scale,
        hidden: canvas.low_quality,
        first: heading && {
            text: heading.textContent,
            font: (parseFloat(getComputedStyle(heading).fontSize) * width) / heading.offsetWidth,
            seen: corners.every(([x, y]) => heading.contains(document.elementFromPoint(x, y))),
        },
        shown: rootGraph.nodes.filter((node) => inside(node.boundingRect)).map((node) => node.type),
    };
}

/** What overlaps once every node of ours shows a report, as after a run. */
async function overlapsWithReports(page, overlaps) {
    await page.evaluate(() => {
        const file = { filename: "spatia_room.png", subfolder: "", type: "input" };
        const shown = { SpatiaRenderCameraPath: { curve: [0.2, 0.8, 0.5] } };
        for (const kind of ["SpatiaRetrieveReferences", "SpatiaClosedLoopMetrics"]) shown[kind] = { pictures: [{ file, caption: "" }] };
        const reporting =
            /CameraPath|ClipWindow|FitImage|EditPointCloud|Estimate|Render|Retrieve|Update|Metrics|SaveScene|Video|World|Commit|ApplyDecoupled|DecoupledClip|ExportCameras|Depth/;
        for (const node of window.app.rootGraph.nodes.filter((one) => one.comfyClass?.startsWith("Spatia") && reporting.test(one.comfyClass))) {
            node.onExecuted({ text: ["A report."], spatia_report: [{ warnings: ["A warning."], ...shown[node.comfyClass] }] });
        }
    });
    await settled(page, viewOf);
    return overlaps();
}
