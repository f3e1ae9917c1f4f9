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
