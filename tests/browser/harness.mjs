// Runs one page script: node harness.mjs SCRIPT OUTCOME OPTIONS
//
// SCRIPT exports `default async (tools) => result`. OPTIONS is JSON with url, chromium, screenshot and whatever the script
// takes. The result and what went wrong in the page on the way are written to OUTCOME as JSON.
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { openPage } from "./page.mjs";

const [script, outcome, text] = process.argv.slice(2);
const options = JSON.parse(text);
const { default: run } = await import(pathToFileURL(resolve(script)));
const browser = await chromium.launch({
    executablePath: options.chromium,
    args: [
        "--no-sandbox",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--use-gl=angle",
        "--use-angle=swiftshader",
        "--enable-unsafe-swiftshader",
        // Only WebGL needs that one: all else of the page is drawn twenty times as fast without it.
        "--disable-gpu-rasterization",
        "--disable-gpu-compositing",
        "--disable-accelerated-2d-canvas",
    ],
});
let tools;
try {
    tools = await openPage(browser, options);
    const result = await run(tools);
    writeFileSync(outcome, JSON.stringify({ result: result ?? null, problems: tools.problems }));
} catch (error) {
    if (tools) {
        await tools.page.screenshot({ path: options.screenshot });
        console.error(`In the page: ${JSON.stringify(tools.problems)}\nScreenshot: ${options.screenshot}`);
    }
    throw error;
} finally {
    await browser.close();
}
