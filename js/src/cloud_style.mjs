// What the cloud editor adds to the editors' style sheet.
import { addStyle } from "./dom.mjs";

const CSS = `
.cloud-editor .tools { gap: 3px; }
.cloud-editor .tools h2 { margin-right: 4px; }
.cloud-editor .tools .gap { margin: 0 2px; }
.cloud-editor .tools button, .cloud-editor .tools select { padding: 3px 5px; }
@media (max-width: 1500px) { .cloud-editor .tools .wide { display: none; } }
.cloud-editor .notice { right: auto; }
.cloud-editor .drawn { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
.cloud-editor .drawn polygon, .cloud-editor .drawn circle, .cloud-editor .drawn rect { fill: rgb(245 179 1 / .18); stroke: #f5b301; stroke-width: 1.5; }
.cloud-editor .drawn .dabs { opacity: .45; }
.cloud-editor .drawn .dabs circle { fill: #f5b301; stroke: none; }
.cloud-editor .drawn .brush { fill: none; stroke-dasharray: 4 3; }
.cloud-editor fieldset.selection .row button { padding: 3px 6px; }
.cloud-editor ol { list-style: none; margin: 0; padding: 0; display: flex; flex-direction: column; gap: 3px; }
.cloud-editor li { display: grid; grid-template-columns: auto minmax(0, 1fr) auto auto auto; gap: 3px; align-items: center; border-radius: 4px; padding: 2px; border: 1px solid transparent; }
.cloud-editor li.current { border-color: var(--p-primary-color, #4a7bd0); }
.cloud-editor li.over { border-top-color: #f5b301; }
.cloud-editor li .name { text-align: left; overflow: hidden; text-overflow: ellipsis; }
.cloud-editor li .name small { display: block; color: var(--descrip-text); }
.cloud-editor li .name[aria-pressed=true] small { color: inherit; }
.cloud-editor li.off .name { opacity: .5; }
.cloud-editor li.failed .name small { color: var(--error-text); }
.cloud-editor li button { padding: 2px 6px; }
.cloud-editor .preview { display: flex; gap: 3px; }
.cloud-editor .preview canvas { flex: 1; min-width: 0; }
.cloud-editor .preview canvas[hidden] { display: none; }
.cloud-editor .vector { display: grid; grid-template-columns: 1fr 1fr 1fr; gap: 3px; }
.cloud-editor .vector .field { grid-template-columns: 1fr; gap: 0; font-size: 11px; }
.cloud-editor .paint input { flex: 1; padding: 1px; height: 26px; }
.cloud-editor .field input[type=range], .cloud-editor input[type=checkbox] { padding: 0; }
`;

export const useCloudStyle = () => addStyle("spatia-cloud-editor-style", CSS);
