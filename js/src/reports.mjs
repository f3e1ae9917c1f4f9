// What a run left on our nodes: its first line in the node, amber where it warns, and all of it on a click.
import { addStyle, h, modalDialog } from "./dom.mjs";
import { allNodes } from "./graph.mjs";
import { app, executionId, lastOutputs, viewUrl } from "./host.mjs";
import { text } from "./texts.mjs";

const NAME = "spatia_report";
const HEIGHTS = { line: 24, curve: 34, pictures: 46, gap: 4 }; // pixels
const MARGIN = 4;
const AMBER = "#f5a623";

const CSS = `
.spatia-report { display: flex; flex-direction: column; gap: 4px; overflow: hidden; cursor: pointer; box-sizing: border-box;
  font: 12px/22px Inter, Arial, sans-serif; color: var(--input-text); text-align: left; border: none; background: none; padding: 0; width: 100%; }
.spatia-report > * { flex: none; }
.spatia-report .line { height: 24px; padding: 0 8px; border-radius: 4px; background: var(--comfy-input-bg); border: 1px solid var(--border-color);
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap; box-sizing: border-box; width: 100%; }
.spatia-report.warns .line { background: ${AMBER}; border-color: ${AMBER}; color: #201400; font-weight: 600; }
.spatia-report svg, .spatia-report-all svg { display: block; width: 100%; background: var(--comfy-input-bg); border-radius: 4px; }
.spatia-report svg { height: 34px; }
.spatia-report polygon, .spatia-report-all polygon { fill: var(--p-primary-color, #4a7bd0); fill-opacity: .6; }
.spatia-report .pictures { display: flex; gap: 3px; height: 46px; overflow: hidden; }
.spatia-report .pictures img { height: 46px; border-radius: 3px; }
.spatia-report-all { max-width: min(900px, 92vw); max-height: 86vh; overflow: auto; padding: 16px 20px; border-radius: 8px; border: 1px solid var(--border-color);
  background: var(--comfy-menu-bg); color: var(--input-text); font: 13px/1.5 Inter, Arial, sans-serif; }
.spatia-report-all::backdrop { background: rgb(0 0 0 / .5); }
.spatia-report-all h2 { font-size: 15px; margin: 0 0 8px; }
.spatia-report-all pre { white-space: pre-wrap; font: 12px/1.5 ui-monospace, Consolas, monospace; margin: 8px 0; user-select: text; }
.spatia-report-all ul { margin: 0 0 8px; padding: 8px 12px 8px 28px; border-left: 4px solid ${AMBER}; background: color-mix(in srgb, ${AMBER} 15%, transparent); }
.spatia-report-all figure { display: inline-block; margin: 4px 8px 4px 0; }
.spatia-report-all figcaption { color: var(--descrip-text); }
.spatia-report-all svg { height: 90px; }
.spatia-report-all button { font: inherit; color: var(--input-text); background: var(--comfy-input-bg); border: 1px solid var(--border-color); border-radius: 4px; padding: 3px 12px; cursor: pointer; }
`;

/** {lines, warnings, curve, title, pictures} of what a node was given as its output; null without a report. */
export function reportOf(output) {
    const more = output?.spatia_report?.[0];
    if (!more) return null;
    const warnings = more.warnings ?? [];
    const said = new Set(warnings.flatMap((warning) => [warning, `Warning: ${warning}`]));
    return {
        lines: (output.text ?? [])
            .join("\n")
            .split("\n")
            .filter((line) => line.trim() && !said.has(line)),
        warnings,
        curve: more.curve ?? [],
        title: more.curve_title ?? "",
        pictures: more.pictures ?? [],
    };
}

/** Shows a run's output on its node, in place of what an earlier run left there. */
export function showReport(node, output) {
    const report = reportOf(output);
    if (!report) return;
    node.spatiaShown = report;
    if (!report.lines.length && !report.warnings.length && !report.curve.length && !report.pictures.length) return removeReport(node);
    const { element, isNew } = reportElement(node);
    const warned = report.warnings.length;
    const line = (warned ? `⚠ ${report.warnings[0]}${warned > 1 ? ` (+${warned - 1})` : ""}` : report.lines[0]) ?? "";
    element.classList.toggle("warns", warned > 0);
    element.title = [...report.warnings.map((warning) => `⚠ ${warning}`), ...report.lines].join("\n");
    element.replaceChildren(
        h("span", { class: "line" }, line),
        ...(report.curve.length > 1 ? [curve(report.curve, report.title)] : []),
        ...(report.pictures.length
            ? [
                  h(
                      "span",
                      { class: "pictures" },
                      report.pictures.map(({ file }) => h("img", { src: viewUrl(file), alt: "" })),
                  ),
              ]
            : []),
    );
    if (isNew && !node.spatiaBadge) badge(node);
    const height = node.computeSize()[1];
    if (node.size[1] < height) node.setSize([node.size[0], height]);
    app.canvas?.setDirty?.(true, true);
}

/** Shows again what the server's history holds for the nodes of the open workflow. */
export async function restoreReports() {
    const ours = [...allNodes(app.rootGraph)].filter((node) => node.comfyClass?.startsWith("Spatia") && !node.spatiaShown);
    if (!ours.length) return;
    const outputs = await lastOutputs();
    for (const node of ours) showReport(node, outputs.get(executionId(node)));
}

function removeReport(node) {
    const index = node.widgets?.findIndex((widget) => widget.name === NAME) ?? -1;
    if (index < 0) return;
    node.widgets[index].onRemove?.();
    node.widgets.splice(index, 1);
    app.canvas?.setDirty?.(true, true);
}

function reportElement(node) {
    const known = node.widgets?.find((widget) => widget.name === NAME);
    if (known) return { element: known.element, isNew: false };
    addStyle("spatia-report-style", CSS);
    const element = h("button", { type: "button", class: "spatia-report", "aria-label": text("report_open"), onclick: () => openReport(node) });
    const height = () => heightOf(node.spatiaShown) + 2 * MARGIN;
    const widget = node.addDOMWidget(NAME, NAME, element, {
        serialize: false,
        hideOnZoom: false,
        getValue: () => "",
        setValue: () => {},
        getMinHeight: height,
        getMaxHeight: height,
        margin: MARGIN,
    });
    widget.serialize = false;
    return { element, isNew: true };
}

const heightOf = (report) =>
    HEIGHTS.line + (report.curve.length > 1 ? HEIGHTS.curve + HEIGHTS.gap : 0) + (report.pictures.length ? HEIGHTS.pictures + HEIGHTS.gap : 0);

/** An amber mark at the node's head, which is seen when the text is too small to read. */
function badge(node) {
    const Badge = window.LGraphBadge;
    if (!Badge || !node.badges) return;
    node.spatiaBadge = true;
    node.badges.push(() => {
        const count = node.spatiaShown?.warnings.length ?? 0;
        return new Badge({ text: count ? `⚠ ${count}` : "", fgColor: "#201400", bgColor: AMBER });
    });
}

/** A curve of numbers from 0 to 1 as a picture. */
function curve(values, title) {
    const width = values.length - 1;
    const points = values.map((value, i) => `${i},${(1 - Math.min(Math.max(Number(value), 0), 1)).toFixed(4)}`);
    const parsed = h("div");
    parsed.innerHTML = `<svg viewBox="0 0 ${width} 1" preserveAspectRatio="none" role="img"><polygon points="0,1 ${points.join(" ")} ${width},1"/></svg>`;
    parsed.firstChild.setAttribute("aria-label", title);
    return parsed.firstChild;
}

function openReport(node) {
    const { lines, warnings, curve: values, title, pictures } = node.spatiaShown;
    const dialog = modalDialog({ name: "spatia-report-all", label: node.title, keys: (event) => event.key === "Escape" && (dialog.close(), true) });
    dialog.element.addEventListener("click", (event) => event.target === dialog.element && dialog.close());
    dialog.element.append(
        h(
            "div",
            {},
            h("h2", {}, node.title),
            warnings.length
                ? h(
                      "ul",
                      {},
                      warnings.map((warning) => h("li", {}, warning)),
                  )
                : null,
            h("pre", {}, lines.join("\n")),
            values.length > 1 ? h("figure", { style: "width: 100%; margin: 0" }, curve(values, title), h("figcaption", {}, title)) : null,
            pictures.map(({ file, caption }) => h("figure", {}, h("img", { src: viewUrl(file), alt: caption }), h("figcaption", {}, caption))),
            h("div", {}, h("button", { type: "button", onclick: dialog.close }, text("report_close"))),
        ),
    );
}
