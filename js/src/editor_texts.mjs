// Adds the editors' texts. Imported before the editors, some of which ask for texts while they are loaded.
import { addTexts } from "./texts.mjs";
import cloudEn from "./texts_cloud_en.mjs";
import cloudZh from "./texts_cloud_zh.mjs";
import directEn from "./texts_direct_en.mjs";
import directZh from "./texts_direct_zh.mjs";
import pathEn from "./texts_path_en.mjs";
import pathZh from "./texts_path_zh.mjs";

addTexts(pathEn, pathZh);
addTexts(cloudEn, cloudZh);
addTexts(directEn, directZh);
