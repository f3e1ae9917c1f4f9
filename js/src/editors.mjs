// What the entry loads when an editor is opened: three.js and the editors, one bundle.
import "./editor_texts.mjs";
export { openCameraEditor } from "./camera_editor.mjs";
export { openCloudEditor } from "./cloud_editor.mjs";
export { pathNodeOf } from "./director.mjs";
