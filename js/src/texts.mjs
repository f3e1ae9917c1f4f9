// Texts of the editors, in the page's language where there is a translation.
import { language } from "./host.mjs";
import cloudEn from "./texts_cloud_en.mjs";
import cloudZh from "./texts_cloud_zh.mjs";
import directEn from "./texts_direct_en.mjs";
import directZh from "./texts_direct_zh.mjs";
import pathEn from "./texts_en.mjs";
import pathZh from "./texts_zh.mjs";

const en = { ...pathEn, ...cloudEn, ...directEn };
const zh = { ...pathZh, ...cloudZh, ...directZh };

/** The text of this name; {words} in it are replaced from `values`. */
export function text(name, values = {}) {
    const table = language().startsWith("zh") ? zh : en;
    return (table[name] ?? en[name]).replace(/\{(\w+)\}/g, (_, word) => values[word]);
}
