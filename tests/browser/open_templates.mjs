// Opens each named template from the template browser. Returns {name: {missing, overlaps, prompt, notes, problems}}.

export default async ({ page, options, problems, loadTemplate, missingNodes, overlaps, prompt, nodes, fitView }) => {
  const found = {};
  for (const name of options.names) {
    const before = problems.length;
    await loadTemplate(name);
    const all = await nodes();
    found[name] = {
      missing: await missingNodes(),
      overlaps: await overlaps(),
      reported: await overlapsWithReports(page, overlaps),
      prompt: await prompt(),
      nodes: all.length,
      notes: await page.evaluate(() =>
        window.app.rootGraph.nodes.filter((node) => node.type === "MarkdownNote").map((node) => node.widgets[0].value),
      ),
      problems: problems.slice(before),
    };
    if (options.pictures) {
      await page.keyboard.press("Escape");
      await fitView();
      await page.screenshot({ path: `${options.pictures}/${name}.png` });
    }
  }
  return found;
};

/** What overlaps once every node of ours shows a report, as after a run. */
async function overlapsWithReports(page, overlaps) {
  await page.evaluate(() => {
    const file = { filename: "spatia_room.png", subfolder: "", type: "input" };
    const shown = { SpatiaRenderCameraPath: { curve: [0.2, 0.8, 0.5] } };
    for (const kind of ["SpatiaRetrieveReferences", "SpatiaClosedLoopMetrics"]) shown[kind] = { pictures: [{ file, caption: "" }] };
    const reporting = /CameraPath|ClipWindow|FitImage|EditPointCloud|Estimate|Render|Retrieve|Update|Metrics|SaveScene|Video|World|Commit|ApplyDecoupled|ExportCameras|Depth/;
    for (const node of window.app.rootGraph.nodes.filter((one) => one.comfyClass?.startsWith("Spatia") && reporting.test(one.comfyClass))) {
      node.onExecuted({ text: ["A report."], spatia_report: [{ warnings: ["A warning."], ...shown[node.comfyClass] }] });
    }
  });
  await page.waitForTimeout(800);
  return overlaps();
}
