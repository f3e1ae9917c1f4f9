// The path that Camera Path makes of values of its widgets, whichever they are: those it has, or those a clip was made with.
import { focalOf } from "./conventions.mjs";
import { IDENTITY } from "./matrix.mjs";
import { cameraPath, parseKeyframes } from "./path.mjs";

/** The camera at the world's origin that a path without a memory begins at. value(name): of the widgets. */
export function originOf(value) {
    const fx = focalOf(value("fov"));
    return { w2c: [...IDENTITY], intrinsics: [fx, (fx * value("width")) / value("height"), 0.5, 0.5] };
}

/**
 * The cameras of these values; null where they do not tell them.
 * memory: {start, first, scene_depth} of the memory that the path begins at, or null
 */
export function pathOfWidgets(widgets, memory) {
    if (widgets.preset === "to_view") return null;
    try {
        const keyframes = widgets.preset === "keyframes" ? parseKeyframes(String(widgets.keyframes)) : {};
        const start = memory?.start ?? originOf((name) => widgets[name]);
        const depth = widgets.depth > 0 ? widgets.depth : memory?.scene_depth || 1;
        return cameraPath({ ...widgets, ...keyframes }, start, memory?.first ?? start, depth);
    } catch {
        return null; // of another version of the node
    }
}
