import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const source = new URL("../src/", import.meta.url);
const tables = readdirSync(source).filter((name) => /^texts_.*en\.mjs$/.test(name));
const load = async (name) => (await import(new URL(name, source))).default;

for (const name of tables) {
    test(`${name} and its translation have the same texts with the same blanks`, async () => {
        const [en, zh] = [await load(name), await load(name.replace("en.mjs", "zh.mjs"))];
        assert.deepEqual(Object.keys(en).sort(), Object.keys(zh).sort());
        const blanks = (value) => (value.match(/\{\w+\}/g) ?? []).sort();
        for (const key of Object.keys(en)) assert.deepEqual(blanks(zh[key]), blanks(en[key]), key);
    });
}

test("every text that is asked for is there", async () => {
    const known = new Set((await Promise.all(tables.map(load))).flatMap(Object.keys));
    for (const file of readdirSync(source)) {
        const code = readFileSync(new URL(file, source), "utf8");
        for (const [, name] of code.matchAll(/\btext\("(\w+)"/g)) assert.ok(known.has(name), `${file}: ${name}`);
    }
    assert.ok(known.size > 100);
});

test("the entry brings the texts of what is in it", async () => {
    const known = Object.keys(await load("texts_entry_en.mjs"));
    const asked = [];
    for (const file of ["extension.mjs", "reports.mjs", "refusals.mjs", "preset_widgets.mjs", "host.mjs", "dom.mjs", "graph.mjs"]) {
        const code = readFileSync(new URL(file, source), "utf8");
        asked.push(...[...code.matchAll(/\btext\("(\w+)"/g), ...code.matchAll(/button: "(\w+)"/g)].map(([, name]) => name));
    }
    assert.deepEqual([...new Set(asked)].sort(), known.sort());
});
