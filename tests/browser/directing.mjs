// Makes a video clip by clip from the path editor: opened on Spatia Video, one clip, the next one, another take of it.
//
// Returns after each run what the strip shows, the widgets of the video, what the run reported, and how long it took from
// the click until the new points were there.

/** Widgets of Spatia Video for clips that take as little time as there can be. */
export const SHORT = { first_frames: 13, later_frames: 13, history_frames: 5, steps: 2, max_references: 1 };

const EDITOR = "Edit path";
const of = (type) => `window.app.rootGraph.nodes.find((node) => node.type === "${type}")`;

export default async ({ page, options, loadTemplate }) => {
    await loadTemplate(options.template);
    const set = (type, values) =>
    page.evaluate(([kind, given]) => {
      const node = window.app.rootGraph.nodes.find((one) => one.type === kind);
      for (const [name, value] of Object.entries(given)) node.widgets.find((widget) => widget.name === name).value = value;
    }, [type, values]); // prettier-ignore
    await set("SpatiaCameraPath", { preset: "truck", frames: 13, distance: 0.2 });
    await set("SpatiaVideo", { ...SHORT, name: options.world, prompts: "A quiet room." });
    const shot = (name) => page.screenshot({ path: `${options.folder}/${name}.png` });

    // The button on Spatia Video opens the editor of the path that it films.
    await page.evaluate(`${of("SpatiaVideo")}.widgets.find((widget) => widget.type === "button").callback()`);
    const editor = page.getByRole("dialog", { name: EDITOR });
    await editor.waitFor();
    // A small view: it is drawn in software.
    await page.setViewportSize(options.view ?? { width: 900, height: 700 });
    await page.waitForFunction(() => window.spatiaEditor?.director?.looked);
    const strip = editor.getByRole("region", { name: "Clips of the video" });

    const state = () => directorState(page);
    const previews = () => page.evaluate(() => window.spatiaPreviews ?? 0);
    await page.evaluate(() => {
        window.app.api.addEventListener("b_preview_with_metadata", () => (window.spatiaPreviews = (window.spatiaPreviews ?? 0) + 1));
    });
    const run = async (button) => {
        await button.click();
        await page.waitForFunction(() => window.spatiaEditor.director.running);
        await page.waitForFunction(() => !window.spatiaEditor.director.running && window.spatiaEditor.director.took, null, { timeout: 600_000 });
        return { ...(await state()), previews: await previews() };
    };
    const generate = strip.getByRole("button", { name: "Generate" });

    const result = { opened: await state() };
    result.first = await run(generate);
    await shot("first");

    // One clip longer: what is there stays, and a keyframe at the new end moves only what is new.
    const before = await page.evaluate(() => window.spatiaEditor.path.map(({ w2c }) => w2c));
    await strip.getByRole("button", { name: "Next clip" }).click();
    await page.keyboard.press("k");
    const yaw = editor.locator("input[name=yaw]");
    await yaw.fill("-12");
    await yaw.press("Enter");
    const after = await page.evaluate(() => window.spatiaEditor.path.map(({ w2c }) => w2c));
    result.moved = Math.max(...before.flatMap((pose, frame) => pose.map((value, i) => Math.abs(value - after[frame][i]))));
    const prompt = strip.getByLabel("Prompt of clip 2").first();
    await prompt.fill("A quiet room at dusk.");
    await prompt.press("Tab");
    result.longer = await state();
    result.second = await run(generate);
    await shot("second");

    // Another take of the second clip, both side by side; Escape leaves them, not the editor; and the first take again.
    const card = strip.locator('[data-number="2"]');
    result.redone = await run(card.getByRole("button", { name: "Redo" }));
    await card.getByRole("button", { name: /Takes/ }).click();
    const takes = editor.locator(".spatia-player .take");
    result.compared = await takes.locator("video").evaluateAll((videos) => videos.map((video) => video.src));
    await page.waitForFunction(() => [...document.querySelectorAll(".spatia-player video")].every((video) => video.readyState >= 2));
    await shot("takes");
    await page.keyboard.press("Escape");
    await editor.locator(".spatia-player").waitFor({ state: "detached" });
    result.asked = await editor.getByRole("alertdialog").count();
    await card.getByRole("button", { name: /Takes/ }).click();
    await takes.nth(1).getByRole("button", { name: "Use this take" }).click();
    result.chosen = await state();
    result.reverted = await run(generate);

    // Another way on after the first clip, stopped while it is made, then made; and back to the first way.
    await strip.locator('[data-number="1"] select[name=direct_more]').selectOption("branch");
    await page.keyboard.press("k");
    await yaw.fill("9");
    await yaw.press("Enter");
    await strip.getByLabel("Prompt of clip 2").first().fill("Another room.");
    await page.keyboard.press("Tab");
    result.branching = await state();
    await generate.click();
    await page.waitForFunction(() => /sampling/.test(window.spatiaEditor.director.running?.state ?? ""));
    await strip.getByRole("button", { name: "Stop" }).click();
    await page.waitForFunction(() => !window.spatiaEditor.director.running);
    result.stopped = await state();
    result.branched = await run(generate);
    await shot("branched");
    await strip.getByRole("button", { name: "Compare" }).click();
    result.sides = await takes.locator("video").evaluateAll((videos) => videos.map((video) => video.src));
    await shot("branches");
    await page.keyboard.press("Escape");
    const branch = strip.locator("select[name=direct_branch]");
    result.branches = await branch.locator("option").allTextContents();
    const old = await page.evaluate((id) => [...window.spatiaEditor.director.tree.branches].find(([, end]) => end === id)[0], result.reverted.clips[1].id);
    await branch.selectOption(old);
    result.switched = await state();
    await page.keyboard.press("Control+z");
    result.undone = await state();
    await page.keyboard.press("Control+y");
    result.back = await run(generate);
    result.settled = await branch.inputValue();

    // From the first clip on, to the end, where the player closes. The clips are short: what it says is written down.
    await page.evaluate(() => {
        window.spatiaPlayed = [];
        const note = () => window.spatiaPlayed.push(document.querySelector(".spatia-player figure div")?.textContent);
        new MutationObserver(note).observe(window.spatiaEditor.stage, { childList: true, subtree: true });
    });
    await strip.locator('[data-number="1"]').getByRole("button", { name: "▶" }).click();
    await page.waitForFunction(() => ["clip 1", "clip 2"].every((clip) => window.spatiaPlayed.includes(clip)));
    await editor.locator(".spatia-player").waitFor({ state: "detached" });
    result.played = true;

    // A keyframe of what is made: the strip says what that costs.
    await page.evaluate(() => {
        const { spatiaEditor } = window;
        spatiaEditor.change((state) => (state.keyframes.at(-1).yaw -= 3));
    });
    result.bent = await state();
    await shot("bent");

    // Other steps, or another model: all is made again, and the cards say why; a branch brings its own steps back.
    await page.keyboard.press("Control+z");
    await set("SpatiaVideo", { steps: 3 });
    await page.evaluate(() => window.spatiaEditor.director.show());
    result.steps = await state();
    await shot("steps");
    await branch.selectOption(result.settled);
    result.brought = { ...(await state()), steps: await page.evaluate(`${of("SpatiaVideo")}.widgets.find((widget) => widget.name === "steps").value`) };
    await set("SpatiaLoadModel", { lora_strength: 0.5 });
    await page.evaluate(() => window.spatiaEditor.director.refreshListing());
    result.model = await state();
    await set("SpatiaLoadModel", { lora_strength: 1 });
    await page.evaluate(() => window.spatiaEditor.director.refreshListing());

    // Only the first clip is left, and Cancel gives back what every node had when the editor was opened.
    await strip.locator('[data-number="1"] select[name=direct_more]').selectOption("end");
    result.shortened = await state();
    await editor.getByRole("button", { name: "Cancel" }).click();
    await editor.waitFor({ state: "detached" });
    result.cancelled = await page.evaluate(() => {
        const value = (type, name) => window.app.rootGraph.nodes.find((node) => node.type === type).widgets.find((widget) => widget.name === name).value;
        return [value("SpatiaCameraPath", "preset"), value("SpatiaCameraPath", "frames"), value("SpatiaVideo", "prompts"), value("SpatiaVideo", "clip_seeds")];
    });
    return { ...result, folder: options.folder };
};

/** What the strip of the open editor shows, the widgets that it sets, and what the last run reported. */
export function directorState(page) {
    return page.evaluate(() => {
        const { director, path, viewer } = window.spatiaEditor;
        const { widgets, spatiaShown } = director.video;
        return {
            clips: director.clips.map(({ number, state, prompt, seed, known }) => ({
                number, state, prompt, seed, id: known?.id ?? null, takes: known ? director.tree.takesOf(known).length : 0,
            })),
            unlike: [...document.querySelectorAll(".clips .card .unlike")].map((one) => one.textContent),
            cards: [...document.querySelectorAll(".clips .card")].map((card) => card.className),
            posters: document.querySelectorAll(".clips .card > img").length,
            widgets: Object.fromEntries(["prompts", "clip_seeds", "seed"].map((name) => [name, widgets.find((widget) => widget.name === name).value])),
            frames: path.length, points: viewer.cloud?.count ?? 0, report: spatiaShown?.lines ?? [], status: director.status, took: director.took ?? null,
        }; // prettier-ignore
    });
}
