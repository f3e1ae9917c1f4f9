// How a sample workflow of ours opens. The page shows a template whole, however small its text gets then.

/**
 * Shows the graph as its file says (extra.ds), where the file is a template of ours that was just opened: extra.spatia_template.
 *
 * The mark is taken off, so that a workflow saved from a template opens as any other.
 */
export function showFirstView(graph, canvas) {
    const { extra } = graph;
    if (!extra?.spatia_template) return;
    delete extra.spatia_template;
    const { scale, offset } = extra.ds;
    canvas.ds.scale = scale;
    [canvas.ds.offset[0], canvas.ds.offset[1]] = offset;
    canvas.setDirty(true, true);
}
