// The editors' style sheet: the page's own colours, a container-sized grid.
import { addStyle } from "./dom.mjs";

const CSS = `
.spatia-editor { padding: 0; width: 96vw; height: 94vh; max-width: none; max-height: none; overflow: hidden;
  border: 1px solid var(--border-color); border-radius: 8px; background: var(--comfy-menu-bg); color: var(--input-text);
  font: 13px/1.4 Inter, Arial, sans-serif; box-sizing: border-box; }
.spatia-editor[open] { display: grid; grid-template: "tools tools" auto "view side" minmax(0, 1fr) "time time" auto / minmax(0, 1fr) 300px; }
.spatia-editor::backdrop { background: rgb(0 0 0 / .5); }
.spatia-editor * { box-sizing: border-box; }
.spatia-editor [hidden] { display: none !important; }
.spatia-editor .tools { grid-area: tools; display: flex; flex-wrap: wrap; gap: 4px; align-items: center; padding: 6px 8px; border-bottom: 1px solid var(--border-color); }
.spatia-editor .tools h2 { font-size: 14px; margin: 0 10px 0 2px; font-weight: 600; }
.spatia-editor .tools .gap { width: 1px; height: 20px; background: var(--border-color); margin: 0 4px; }
.spatia-editor .tools label { display: flex; gap: 5px; align-items: center; }
.spatia-editor .tools input[type=range] { width: 76px; padding: 0; }
.spatia-editor .tools .last { margin-left: auto; }
.spatia-editor button, .spatia-editor select, .spatia-editor input { font: inherit; color: var(--input-text); background: var(--comfy-input-bg);
  border: 1px solid var(--border-color); border-radius: 4px; padding: 3px 8px; }
.spatia-editor button { cursor: pointer; }
.spatia-editor button:hover:not(:disabled) { filter: brightness(1.15); }
.spatia-editor button[aria-pressed=true], .spatia-editor button.main { background: var(--p-primary-color, #4a7bd0); border-color: transparent; color: #fff; }
.spatia-editor :disabled { opacity: .45; cursor: default; }
.spatia-editor :focus-visible { outline: 2px solid var(--p-primary-color, #4a7bd0); outline-offset: 1px; }
.spatia-editor .view { grid-area: view; position: relative; min-height: 0; overflow: hidden; }
.spatia-editor .view .stage { position: absolute; inset: 0; }
.spatia-editor .snap { position: absolute; pointer-events: none; white-space: nowrap; padding: 1px 7px; border-radius: 4px; font-size: 12px; color: #fff; background: #1d7a4a; }
.spatia-editor .corner { position: absolute; top: 8px; right: 8px; display: flex; flex-direction: column; align-items: center; gap: 2px; pointer-events: none; }
.spatia-editor .corner button { pointer-events: auto; }
.spatia-editor .corner > button { padding: 1px 8px; font-size: 12px; }
.spatia-editor .orientation { position: relative; width: 88px; height: 88px; isolation: isolate; }
.spatia-editor .orientation button { position: absolute; left: 35px; top: 35px; width: 18px; height: 18px; padding: 0; border-width: 2px; border-radius: 50%;
  font-size: 11px; line-height: 14px; font-weight: 600; color: #fff; }
.spatia-editor .orientation i { position: absolute; left: 44px; top: 43px; width: 1px; height: 2px; transform-origin: 0 50%; }
.spatia-editor .view .overlay { position: absolute; pointer-events: none; border: 1px solid var(--p-primary-color, #4a7bd0); }
.spatia-editor .view .overlay canvas { width: 100%; height: 100%; display: block; }
.spatia-editor .view .hint { position: absolute; left: 8px; bottom: 8px; pointer-events: none; opacity: .75; font-size: 12px; text-shadow: 0 0 4px var(--bg-color); }
.spatia-editor .view .notice { position: absolute; top: 8px; left: 8px; right: 8px; display: flex; flex-direction: column; gap: 6px; align-items: flex-start; pointer-events: none; }
.spatia-editor .notice > div { display: contents; }
.spatia-editor .notice > div > div { pointer-events: auto; background: var(--comfy-menu-bg); border: 1px solid var(--border-color); border-radius: 4px; padding: 5px 9px; max-width: 60ch; }
.spatia-editor .side { grid-area: side; border-left: 1px solid var(--border-color); overflow: auto; padding: 8px; display: flex; flex-direction: column; gap: 10px; }
.spatia-editor fieldset { border: 1px solid var(--border-color); border-radius: 6px; margin: 0; padding: 4px 8px 8px; min-width: 0; display: flex; flex-direction: column; gap: 4px; }
.spatia-editor legend { font-weight: 600; padding: 0 4px; }
.spatia-editor .field { display: grid; grid-template-columns: 1fr 120px; align-items: center; gap: 6px; }
.spatia-editor .field input, .spatia-editor .field select { width: 100%; min-width: 0; }
.spatia-editor .row { display: flex; gap: 4px; flex-wrap: wrap; }
.spatia-editor .preview canvas { width: 100%; display: block; background: #000; border-radius: 4px; cursor: pointer; }
.spatia-editor .warnings { display: flex; flex-direction: column; gap: 3px; }
.spatia-editor .warnings button { text-align: left; border-left: 3px solid #d9822b; }
.spatia-editor .time { grid-area: time; border-top: 1px solid var(--border-color); padding: 6px 8px; display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 8px; align-items: center; }
.spatia-editor .time canvas { width: 100%; height: 150px; display: block; touch-action: none; border-radius: 4px; }
.spatia-editor .time .play { display: flex; flex-direction: column; gap: 4px; align-items: stretch; width: 108px; }
.spatia-editor .view .flight { position: absolute; right: 8px; bottom: 34px; display: flex; gap: 10px; align-items: center; padding: 4px 9px;
  background: var(--comfy-menu-bg); border: 1px solid var(--border-color); border-radius: 4px; }
.spatia-editor .flight input { width: 110px; padding: 0; vertical-align: middle; }
.spatia-editor .flight output { color: #e0533d; min-width: 0; }
.spatia-editor .hold { display: flex; gap: 4px; }
.spatia-editor .hold input { width: 64px; }
.spatia-editor .ask { position: absolute; inset: 0; z-index: 2; display: grid; place-items: center; background: rgb(0 0 0 / .45); }
.spatia-editor .ask > div { background: var(--comfy-menu-bg); border: 1px solid var(--border-color); border-radius: 8px; padding: 12px 18px; }
.spatia-editor .ask p { margin: 0 0 10px; font-size: 14px; }
@media (max-width: 800px) { .spatia-editor[open] { grid-template-columns: minmax(0, 1fr) 220px; } }
`;

export const useStyle = () => addStyle("spatia-editor-style", CSS);
