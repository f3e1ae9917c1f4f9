// What the page's sources take from the host, and what they put on its window.
declare module "*/scripts/app.js" {
    export const app: any;
}
declare module "*/scripts/api.js" {
    export const api: any;
}
declare module "*/spatia-editors.mjs" {
    export { openCameraEditor, openCloudEditor, pathNodeOf } from "./src/editors.mjs";
}
interface Window {
    LGraphBadge?: any;
    spatiaEditor?: any;
}
