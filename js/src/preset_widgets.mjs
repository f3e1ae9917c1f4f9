// Which widgets of Camera Path count as it is set. The node shows those, and the editor has fields for them.

/** Settings that a preset reads besides frames. */
export const PRESET_FIELDS = {
    pan: ["angle"],
    tilt: ["angle"],
    roll: ["angle"],
    orbit: ["angle"],
    dolly: ["distance"],
    truck: ["distance"],
    pedestal: ["distance"],
    dolly_zoom: ["distance"],
    full_loop: ["distance"],
    spiral: ["distance", "turns"],
    out_and_back: ["base_motion", "angle", "distance"],
};
const TIMED_BY_ITSELF = ["keyframes", "static"]; // presets without an easing
const BY_PRESET = ["angle", "distance", "turns", "base_motion", "easing", "keyframes"];
const WITHOUT_MEMORY = ["fov", "width", "height"]; // a memory's cameras have their own
const SETTING = ["preset", "close_loop"]; // widgets that others depend on

/**
 * Whether the node reads the widget of this name.
 * @param {string} name
 * @param {{preset?: string, close_loop?: string, memory: boolean}} set what is set; undefined where it comes over a link
 */
export function isUsed(name, set) {
    const { preset, close_loop, memory } = set;
    if (WITHOUT_MEMORY.includes(name)) return !memory;
    if (name === "closing_frames") return close_loop === undefined || close_loop === "append";
    if (!BY_PRESET.includes(name) || preset === undefined) return true;
    if (name === "keyframes") return preset === "keyframes";
    if (name === "easing") return !TIMED_BY_ITSELF.includes(preset);
    return (PRESET_FIELDS[preset] ?? []).includes(name);
}

/** Hides the widgets that the node does not read, now and whenever it is set otherwise. Values stay as they are. */
export function foldPresetWidgets(node) {
    const linked = (name) => node.inputs?.some((input) => input.name === name && input.link != null) ?? false;
    const fold = () => {
        const set = { memory: linked("memory") };
        for (const widget of node.widgets) if (SETTING.includes(widget.name) && !linked(widget.name)) set[widget.name] = widget.value;
        let changed = false;
        for (const widget of node.widgets) {
            const hidden = !isUsed(widget.name, set);
            if (Boolean(widget.hidden) === hidden) continue;
            changed = true;
            widget.hidden = hidden; // for the classic canvas
            widget.options.hidden = hidden; // for Nodes 2.0
        }
        if (!changed) return;
        node.setSize([node.size[0], node.computeSize()[1]]);
        node.graph?.setDirtyCanvas?.(true, true);
    };
    const foldAfter = (owner, name) => {
        const called = owner[name];
        owner[name] = function (...args) {
            const answer = called?.apply(this, args);
            fold();
            return answer;
        };
    };
    for (const widget of node.widgets) if (SETTING.includes(widget.name)) foldAfter(widget, "callback");
    foldAfter(node, "onConfigure");
    foldAfter(node, "onConnectionsChange");
    fold();
}
