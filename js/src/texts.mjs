// Texts of the editors, in the page's language where there is a translation.
import { language } from "./host.mjs";
import en from "./texts_en.mjs";
import zh from "./texts_zh.mjs";

/** The text of this name; {words} in it are replaced from `values`. */
export function text(name, values = {}) {
    const table = language().startsWith("zh") ? zh : en;
    return (table[name] ?? en[name]).replace(/\{(\w+)\}/g, (_, word) => values[word]);
}
