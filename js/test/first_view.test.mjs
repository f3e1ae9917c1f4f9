import assert from "node:assert/strict";
import test from "node:test";
import { showFirstView } from "../src/first_view.mjs";

const opened = () => ({ ds: { scale: 0.33, offset: [5, 6] }, setDirty() {} });

test("a template opens where its file says, once", () => {
    const graph = { extra: { ds: { scale: 0.7, offset: [560, 150] }, spatia_template: true } };
    const canvas = opened();
    showFirstView(graph, canvas);
    assert.deepEqual(canvas.ds, { scale: 0.7, offset: [560, 150] });
    assert.ok(!("spatia_template" in graph.extra));
});

test("any other workflow is left as the page shows it", () => {
    for (const graph of [{}, { extra: {} }, { extra: { ds: { scale: 0.7, offset: [560, 150] } } }]) {
        const canvas = opened();
        showFirstView(graph, canvas);
        assert.deepEqual(canvas.ds, { scale: 0.33, offset: [5, 6] });
    }
});
