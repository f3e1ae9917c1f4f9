// ComfyUI's page in Chromium, and what every page script does with it.

// A page that is busy for minutes on a slow machine is still right.
const PATIENCE = 180_000;

// The server keeps settings, so that each script says all of those that any script changes.
const SETTINGS = {
    "Comfy.TutorialCompleted": true,
    "Comfy.VueNodes.Enabled": false,
    "Comfy.Locale": "en",
    "Comfy.RightSidePanel.IsOpen": false,
    // A dialog about models that are not on this machine would lie over the graph.
    "Comfy.Workflow.ShowMissingModelsWarning": false,
};

/**
 * Open the page and wait until it can be used.
 *
 * options: url; settings: {id: value} of ComfyUI's user settings; width, height of the window.
 * Returns {page, options, problems, ...functions below with the page bound}. problems fills with uncaught exceptions, errors
 * on the console, and answers of the server that failed on this package's own addresses.
 */
export async function openPage(browser, options) {
    const { width = 1900, height = 1050, settings = {} } = options;
    await saveSettings(options.url, { ...SETTINGS, ...settings });
    const context = await browser.newContext({ viewport: { width, height }, acceptDownloads: true });
    // Nothing outside the server may be needed, and a test must not wait for it.
    await context.route(
        (url) => url.origin !== new URL(options.url).origin && url.protocol.startsWith("http"),
        (route) => route.abort(),
    );
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const problems = watch(page, options.url);
    const tools = { page, context, browser, options, problems };
    for (const part of [
        ready,
        openTemplates,
        loadTemplate,
        openTemplate,
        nodes,
        missingNodes,
        overlaps,
        prompt,
        queue,
        fitView,
        save,
        editedScene,
        sceneLoaded,
    ]) {
        tools[part.name] = (...values) => part(page, ...values);
    }
    await page.goto(options.url);
    await ready(page);
    return tools;
}

async function saveSettings(url, settings) {
    const answer = await fetch(`${url}/settings`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(settings),
    });
    if (!answer.ok) throw new Error(`POST /settings: ${answer.status}`);
}

/** A list that fills with what goes wrong in the page. */
export function watch(page, url) {
    const problems = [];
    page.on("pageerror", (error) => problems.push(`uncaught: ${error.stack ?? error}`));
    page.on("console", (message) => {
        if (message.type() !== "error") return;
        const from = message.location().url;
        // Failed loads are judged below, by address; the page asks for some files that are optional.
        if (message.text().startsWith("Failed to load resource")) return;
        // The page asks huggingface for the sizes of missing models, which the server's own policy forbids.
        if (/huggingface\.co.*Content Security Policy/s.test(message.text())) return;
        // The page logs this about itself while it starts, on a ComfyUI without any package too.
        if (message.text() === "ComfyApp graph accessed before initialization") return;
        problems.push(`console: ${message.text()} (${from})`);
    });
    page.on("response", (response) => {
        const address = response.url().slice(url.length);
        // A help page is first looked for in the page's language, and without one in English.
        const optional = /\/docs\/[^/]+\/[\w-]+\.md$/.test(address);
        if (response.url().startsWith(url) && response.status() >= 400 && !optional && /spatia|\/prompt|\/object_info|\/i18n/.test(address)) {
            problems.push(`${response.status()} ${address}`);
        }
    });
    return problems;
}

/** Wait until the page has drawn what it knows by now. */
export async function framesDrawn(page) {
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

const STILL = 600; // milliseconds: the page fits a graph, and draws it anew, some time after it was opened

/** Wait until a value that is read in the page has been the same for some time. */
export async function settled(page, read, patience = 10_000) {
    const ends = Date.now() + patience;
    let [before, since, frames] = [null, 0, 0];
    while ((frames < 3 || Date.now() - since < STILL) && Date.now() < ends) {
        await framesDrawn(page);
        const now = JSON.stringify(await page.evaluate(read));
        if (now === before) frames += 1;
        else [before, since, frames] = [now, Date.now(), 0];
    }
}

/** Wait until the page's own start is over. */
export async function ready(page) {
    // The start ends by loading the last or the default workflow; app.graph must not be touched before.
    await page.waitForFunction(
        () => window.LiteGraph?.registered_node_types?.SpatiaSampler && window.app?.extensionManager?.workflow?.activeWorkflow?.isLoaded,
    );
}

/** Open the template browser at this package's templates; returns its dialog. */
export async function openTemplates(page) {
    await page.evaluate(() => window.app.extensionManager.command.execute("Comfy.BrowseTemplates"));
    await page.getByTestId("template-workflows-content").waitFor();
    // Another dialog, about missing models for instance, may be open behind it.
    const templates = page.getByRole("dialog").filter({ has: page.getByTestId("template-workflows-content") });
    await templates.getByText("Spatia", { exact: true }).first().click();
    return templates;
}

/** Choose one of this package's templates in the template browser, and wait until its graph is open. */
export async function loadTemplate(page, name) {
    const templates = await openTemplates(page);
    await templates.getByTestId(`template-workflow-${name}`).click();
    await page.getByTestId("template-workflows-content").waitFor({ state: "hidden" });
    await opened(page, name);
}

/** Open one of this package's templates as a click in the template browser does, without the browser. */
export async function openTemplate(page, name) {
    await page.evaluate(async (wanted) => {
        const [source] = Object.entries(await window.app.api.getWorkflowTemplates()).find(([, names]) => names.includes(wanted));
        const answer = await fetch(window.app.api.apiURL(`/workflow_templates/${source}/${encodeURIComponent(wanted)}.json`));
        await window.app.loadGraphData(await answer.json(), true, true, wanted, { openSource: "template" });
    }, name);
    await opened(page, name);
}

async function opened(page, name) {
    await page.waitForFunction((wanted) => window.app.extensionManager.workflow.activeWorkflow?.filename?.startsWith(wanted), name);
    await page.waitForFunction(() => window.app.rootGraph.nodes.length > 0);
}

/** [{id, type, title, pos, size}] of the open graph. */
export async function nodes(page) {
    return page.evaluate(() => window.app.rootGraph.nodes.map(({ id, type, title, pos, size }) => ({ id, type, title, pos: [...pos], size: [...size] })));
}

/** Types in the open graph and its subgraphs that the page does not know, or marks as wrong. */
export async function missingNodes(page) {
    return page.evaluate(() => {
        const graphs = [window.app.rootGraph, ...window.app.rootGraph.subgraphs.values()];
        return graphs.flatMap((graph) =>
            graph.nodes
                .filter((node) => node.has_errors || !(window.LiteGraph.registered_node_types[node.type] || node.isSubgraphNode?.()))
                .map((node) => node.type),
        );
    });
}

/** Pairs of nodes that cover each other, titles included, in the open graph and in its subgraphs, as they are drawn. */
export async function overlaps(page) {
    const inner = await page.evaluate(() => [...window.app.rootGraph.subgraphs.keys()]);
    const pairs = [];
    for (const subgraph of [null, ...inner]) {
        await page.evaluate((id) => {
            const { canvas, rootGraph } = window.app;
            canvas.setGraph(id ? rootGraph.subgraphs.get(id) : rootGraph);
        }, subgraph);
        // Nodes 2.0 makes elements for what is in sight; the canvas knows its boxes without.
        if (await page.evaluate(() => window.LiteGraph.vueNodesMode)) await fitView(page);
        pairs.push(...(await overlapsShown(page)));
    }
    await page.evaluate(() => window.app.canvas.setGraph(window.app.rootGraph));
    return pairs;
}

async function overlapsShown(page) {
    // Nodes 2.0 draws elements, as large as what they hold; the canvas draws boxes as large as the nodes say.
    await page.waitForFunction(() => {
        const { graph } = window.app.canvas;
        return !window.LiteGraph.vueNodesMode || graph.nodes.every(({ id }) => document.querySelector(`[data-node-id="${id}"]`)?.offsetHeight);
    });
    return page.evaluate(() => {
        const drawn = ({ id, boundingRect }) => {
            if (!window.LiteGraph.vueNodesMode) return boundingRect;
            const { x, y, width, height } = document.querySelector(`[data-node-id="${id}"]`).getBoundingClientRect();
            return [x, y, width, height];
        };
        const boxes = window.app.canvas.graph.nodes.map((node) => [node.title, ...drawn(node)]);
        const pairs = [];
        for (const [i, [one, x, y, w, h]] of boxes.entries()) {
            for (const [two, u, v, p, q] of boxes.slice(i + 1)) {
                if (x < u + p && u < x + w && y < v + q && v < y + h) pairs.push([one, two]);
            }
        }
        return pairs;
    });
}

/** The open graph in the form that POST /prompt takes, by the page's own conversion. */
export async function prompt(page) {
    return page.evaluate(async () => (await window.app.graphToPrompt()).output);
}

/** Press Run and wait for the end of the run. Returns what its nodes showed, {node id: output}. */
export async function queue(page, patience = 600_000) {
    await page.evaluate(() => {
        const run = { outputs: {} };
        window.spatiaRun = run;
        const { api } = window.app;
        api.addEventListener("executed", ({ detail }) => (run.outputs[detail.display_node ?? detail.node] = detail.output));
        for (const end of ["execution_success", "execution_error", "execution_interrupted"]) {
            api.addEventListener(end, ({ detail }) => (run.end = { kind: end, ...detail }), { once: true });
        }
    });
    await page.getByTestId("queue-button").click();
    await page.waitForFunction(() => window.spatiaRun.end, null, { timeout: patience });
    const run = await page.evaluate(() => window.spatiaRun);
    if (run.end.kind !== "execution_success") throw new Error(`${run.end.kind}: ${run.end.exception_message ?? ""}`);
    return run.outputs;
}

/** Show the whole graph in the window. */
export async function fitView(page) {
    await page.evaluate(() => window.app.extensionManager.command.execute("Comfy.Canvas.FitView"));
    await settled(page, viewOf);
}

/** In the page: where the canvas looks, and how large the elements of the nodes are. */
export function viewOf() {
    const { canvas } = window.app;
    const { scale, offset } = canvas.ds;
    const sizes = [...document.querySelectorAll("[data-node-id]")].map((node) => [node.offsetWidth, node.offsetHeight]);
    return [scale, ...offset, canvas.low_quality, innerWidth, innerHeight, sizes];
}

/** The open graph as the page would save it. */
export async function save(page) {
    return page.evaluate(() => window.app.rootGraph.serialize());
}

/**
 * A new workflow that edits a saved scene: Load Scene, Edit Point Cloud and Save Scene. Returns the id of Edit Point Cloud.
 * file: the scene; prefix: of the file that is saved; edits: of the node, none where it is left out.
 */
export async function editedScene(page, { file, prefix, edits }) {
    return page.evaluate(
        async (given) => {
            await window.app.extensionManager.command.execute("Comfy.NewBlankWorkflow");
            const graph = window.app.rootGraph;
            const add = (type, x, values) => {
                const node = window.LiteGraph.createNode(type);
                graph.add(node);
                node.pos = [x, 100];
                for (const [name, value] of Object.entries(values)) node.widgets.find((widget) => widget.name === name).value = value;
                return node;
            };
            const load = add("SpatiaLoadScene", 100, { file: given.file });
            const edit = add("SpatiaEditPointCloud", 600, given.edits === undefined ? {} : { edits: given.edits });
            const save = add("SpatiaSaveScene", 1200, { filename_prefix: given.prefix });
            load.connect(0, edit, 0);
            edit.connect(0, save, 0);
            window.app.extensionManager.workflow.activeWorkflow.changeTracker.checkState();
            return edit.id;
        },
        { file, prefix, edits },
    );
}

/** Wait for the scene in an open editor: that of an earlier run, which the server's history holds, or of a run for it. */
export async function sceneLoaded(page, editor) {
    await page.waitForFunction(() => window.spatiaEditor?.looked);
    const load = editor.getByRole("button", { name: "Load the scene" });
    if (await load.count()) {
        await load.click();
        await load.waitFor({ state: "detached", timeout: 600_000 });
    }
    await page.waitForFunction(() => window.spatiaEditor.viewer.cloud);
}
