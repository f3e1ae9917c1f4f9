// Texts in the page's language, where there is a translation. The entry brings few; the editors add theirs.
import { language } from "./host.mjs";
import entryEn from "./texts_entry_en.mjs";
import entryZh from "./texts_entry_zh.mjs";

/** @type {Record<string, Record<string, string>>} */
const tables = { en: { ...entryEn }, zh: { ...entryZh } };

/** Adds tables of texts: {name: text}, the same names in both. */
export function addTexts(en, zh) {
    Object.assign(tables.en, en);
    Object.assign(tables.zh, zh);
}

/** The text of this name; {words} in it are replaced from `values`. */
export function text(name, values = {}) {
    const table = language().startsWith("zh") ? tables.zh : tables.en;
    return (table[name] ?? tables.en[name]).replace(/\{(\w+)\}/g, (_, word) => values[word]);
}
