// The gizmo of the open editor, held with the mouse.

/**
 * Drag the handle of this axis ("X", "Y", ... as three's TransformControls names it) by `way`, pixels.
 *
 * A handle that is hidden behind another, or outside of the view, is an error.
 */
export async function dragGizmo(page, axis, way) {
    const spot = await page.evaluate(async (wanted) => {
        const { gizmo, viewer } = window.spatiaEditor;
        const controls = gizmo.controls ?? gizmo;
        // As the next picture shows it.
        const drawn = new Promise((resolve) => viewer.addEventListener("draw", resolve, { once: true }));
        viewer.invalidate();
        await drawn;
        const box = viewer.canvas.getBoundingClientRect();
        const { x, y, z } = controls.object.position;
        const [u, v] = viewer.toScreen([x, y, z]);
        const spots = [];
        for (let i = -150; i <= 150; i += 3) {
            for (let j = -150; j <= 150; j += 3) {
                controls.pointerHover({ x: ((u + i) / box.width) * 2 - 1, y: 1 - ((v + j) / box.height) * 2, button: 0 });
                if (controls.axis === wanted) spots.push([u + i, v + j]);
            }
        }
        controls.axis = null;
        // The one with most of its kind around it.
        const around = ([a, b]) => spots.filter(([p, q]) => Math.hypot(p - a, q - b) < 10).length;
        const best = spots.sort((one, two) => around(two) - around(one))[0];
        return best && [box.left + best[0], box.top + best[1]];
    }, axis);
    if (!spot) throw new Error(`the gizmo shows no handle ${axis}`);
    await page.mouse.move(spot[0] - 1, spot[1]);
    await page.mouse.move(...spot);
    await page.mouse.down();
    for (let step = 1; step <= 4; step++) await page.mouse.move(spot[0] + (way[0] * step) / 4, spot[1] + (way[1] * step) / 4);
    await page.mouse.up();
}
