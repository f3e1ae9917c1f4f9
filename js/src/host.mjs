// What the editors need of ComfyUI's page: widgets, links, files of the temp folder, results of earlier runs.
import { api } from "../../../scripts/api.js";
import { app } from "../../../scripts/app.js";

export { api, app };

export const widgetOf = (node, name) => node.widgets?.find((widget) => widget.name === name);

/** Whether an input gets its value over a link, which then wins over the widget. */
export function isLinked(node, name) {
    return node.inputs?.some((input) => input.name === name && input.link != null) ?? false;
}

/** Names of those of these inputs that come over links. */
export const linkedInputs = (node, names) => names.filter((name) => isLinked(node, name));

/** Sets a widget as the user would, so that both canvases, callbacks and the change tracker see it. */
export function setWidget(node, name, value) {
    const widget = widgetOf(node, name);
    if (!widget || widget.value === value) return;
    widget.value = value;
    widget.callback?.(value, app.canvas, node);
    node.graph?.change?.();
    app.canvas?.setDirty?.(true, true);
}

/** Tells the page's change tracker that an edit is complete, so that it becomes one step of the page's own undo. */
export const captureChange = () => app.extensionManager?.workflow?.activeWorkflow?.changeTracker?.captureCanvasState?.();

/** Address of a file that a node reported as {filename, subfolder, type}. */
export const viewUrl = (file) => api.apiURL(`/view?${new URLSearchParams(file)}`);

/** Bytes of such a file, null when it is gone: the temp folder is emptied when the server starts. */
export async function fetchFile(file) {
    const response = await api.fetchApi(`/view?${new URLSearchParams(file)}`);
    if (response.status === 404) return null;
    if (!response.ok) throw new Error(`${file.filename}: the server answered ${response.status}`);
    return response.arrayBuffer();
}

/** How the server names a node: its id, with those of the subgraph nodes around it. Null outside of the open workflow. */
export function executionId(node, graph = app.rootGraph ?? app.graph, prefix = "") {
    for (const candidate of graph?.nodes ?? []) {
        if (candidate === node) return prefix + candidate.id;
        if (candidate.subgraph) {
            const inside = executionId(node, candidate.subgraph, `${prefix}${candidate.id}:`);
            if (inside) return inside;
        }
    }
    return null;
}

/** By execution id, what each node put out last in this workflow's recent runs. */
export async function lastOutputs() {
    const workflow = (app.rootGraph ?? app.graph)?.id;
    const response = await api.fetchApi("/history?max_items=30");
    if (!response.ok) throw new Error(`the server's history answered ${response.status}`);
    const outputs = new Map();
    for (const run of Object.values(await response.json())) {
        if (workflow && run.prompt?.[3]?.extra_pnginfo?.workflow?.id !== workflow) continue;
        for (const [id, output] of Object.entries(run.outputs ?? {})) outputs.set(id, { ...outputs.get(id), ...output });
    }
    return outputs;
}

/** The last value that this node reported under `key` in this workflow's recent runs; null without one. */
export const lastReport = async (node, key) => (await lastOutputs()).get(executionId(node))?.[key]?.[0] ?? null;

/** Runs this node and what it needs, nothing else of the workflow. Returns why the server refused, or null. */
export async function runOnly(node) {
    const id = executionId(node);
    if (!id) return null;
    await app.queuePrompt(0, 1, [id]);
    return queueRefusal();
}

/**
 * Runs the workflow. Returns why the server did not take it, "" where the page says why, or null. previews: pictures of what is sampled are sent, also by
 * a server that sends none by default; where they are wished and the page's settings say more, those count.
 */
export async function runWorkflow(previews) {
    const queue = api.queuePrompt;
    let failure = null;
    api.queuePrompt = async (number, data, options) => {
        const set = options?.previewMethod ?? "default";
        const previewMethod = previews ? (set === "default" ? "auto" : set) : "none";
        try {
            return await queue.call(api, number, data, { ...options, previewMethod });
        } catch (error) {
            failure = error;
            throw error;
        }
    };
    try {
        const queued = await app.queuePrompt(0, 1);
        return queueRefusal() ?? failure?.message ?? (queued === false ? "" : null);
    } finally {
        api.queuePrompt = queue;
    }
}

/** Why the server refused what was queued last, or null. */
export function queueRefusal() {
    const refused = Object.values(app.extensionManager?.lastNodeErrors ?? app.lastNodeErrors ?? {}).flatMap(({ class_type, errors }) =>
        errors.map((error) => `${class_type}: ${error.message} ${error.details}`),
    );
    return refused.join("\n") || null;
}

/** A short message in the page's corner. severity: "info", "warn" or "error". */
export function toast(severity, summary, detail) {
    app.extensionManager?.toast?.add?.({ severity, summary, detail, life: severity === "error" ? 20000 : 6000 });
}

/** Id of the setting that says whether pictures of what is sampled are shown while a clip is made from the strip. */
export const PREVIEWS = "Spatia.LatentPreviews";

/** A setting of the page, by its id. */
export const setting = (id) => app.extensionManager?.setting?.get?.(id);
export const saveSetting = (id, value) => app.extensionManager?.setting?.set?.(id, value);

/** The page's language, to choose texts by. */
export const language = () => app.extensionManager?.setting?.get?.("Comfy.Locale") ?? navigator.language;
