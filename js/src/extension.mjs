// The entry that ComfyUI's page imports: buttons on our nodes. The editors are loaded when one is opened.
import { app } from "../../../scripts/app.js";
import { showFirstView } from "./first_view.mjs";
import { allNodes } from "./graph.mjs";
import { PREVIEWS, api, toast } from "./host.mjs";
import { foldPresetWidgets } from "./preset_widgets.mjs";
import { sayFirst, sayOnce } from "./refusals.mjs";
import { restoreReports, showReport } from "./reports.mjs";
import { text } from "./texts.mjs";

const EDITORS = {
    SpatiaCameraPath: { button: "edit_path", report: "spatia_path", open: (editors, node) => editors.openCameraEditor(node) },
    SpatiaVideo: { button: "direct", report: "spatia_video", open: (editors, node) => editors.openCameraEditor(editors.pathNodeOf(node)) },
    SpatiaEditPointCloud: { button: "edit_cloud", report: "spatia_edit", open: (editors, node) => editors.openCloudEditor(node) },
};

const titles = {}; // of our nodes, by their types

app.registerExtension({
    name: "Spatia.Editors",
    settings: [
        {
            id: PREVIEWS,
            category: ["Spatia", "Directing", "LatentPreviews"],
            name: text("direct_previews_setting"),
            tooltip: text("direct_previews_title"),
            type: "boolean",
            defaultValue: true,
        },
    ],
    setup() {
        const show = (type, sentence) => toast("error", titles[type] ?? type, sentence);
        sayOnce(api, show);
        sayFirst(api, show);
        // A message that nobody listens to is an error to later pages; the strip of clips does while it is open.
        api.addEventListener("spatia.clip", () => {});
    },
    async beforeRegisterNodeDef(nodeType, nodeData) {
        if (!nodeData.name.startsWith("Spatia")) return;
        titles[nodeData.name] = nodeData.display_name;
        const editor = EDITORS[nodeData.name];
        const executed = nodeType.prototype.onExecuted;
        nodeType.prototype.onExecuted = function (output) {
            executed?.apply(this, arguments);
            showReport(this, output);
            if (editor && output?.[editor.report]) {
                this.spatiaReport = output[editor.report][0];
                this.spatiaReported?.(this.spatiaReport);
            }
        };
    },
    afterConfigureGraph() {
        showFirstView(app.rootGraph, app.canvas);
        // Of a workflow that is opened again: what its last runs left.
        restoreReports().catch((error) => console.warn("Spatia:", error.message));
    },
    // The page's own refresh passes over texts that it shows as lists.
    refreshComboInNodes(definitions) {
        for (const node of allNodes(app.rootGraph)) {
            const inputs = definitions[node.comfyClass]?.input;
            for (const widget of node.widgets ?? []) {
                const [, options] = inputs?.required?.[widget.name] ?? inputs?.optional?.[widget.name] ?? [];
                if (node.comfyClass.startsWith("Spatia") && options?.widgetType === "COMBO") widget.options.values = options.options;
            }
        }
    },
    nodeCreated(node) {
        if (node.comfyClass === "SpatiaCameraPath") foldPresetWidgets(node);
        const editor = EDITORS[node.comfyClass];
        if (!editor) return;
        const button = node.addWidget(
            "button",
            text(editor.button),
            null,
            async () => {
                // Relative to this module: the host may serve it below any path.
                try {
                    const editors = await import("./spatia-editors.mjs");
                    await editor.open(editors, node);
                } catch (error) {
                    console.error(error);
                    toast("error", text(editor.button), error.message);
                }
            },
            { serialize: false },
        );
        button.serialize = false;
    },
});
