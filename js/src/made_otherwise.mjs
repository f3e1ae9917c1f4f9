// What of a clip of a world a run would make otherwise now: widgets of Spatia Video, and the nodes before it. What a clip's id
// is made of (nodes/host/video_plan.py) is compared here, but for prompt, seed and path, and for the content of files.

const SAME = 1e-9; // of numbers, which JSON may write otherwise
const [AUTO, AUTO_REFERENCES] = [0, -1]; // of a widget: as the network of the world was made for
const DEPTHS = ["moge_model", "da3_model"];

/**
 * Names of the widgets and inputs of Spatia Video that this clip was made with otherwise; none where nothing tells.
 *
 * clip: of MadeClips. made: MadeClips. values: by name, what the widgets say; names that come over links are left out.
 * prompt: the workflow as it is queued, or null. id: of Spatia Video in it.
 */
export function madeOtherwise(clip, made, values, prompt, id) {
    const inputs = prompt?.[id]?.inputs;
    const depths = DEPTHS.filter((name) => Array.isArray(inputs?.[name]));
    const names = Object.keys(clip.settings ?? {}).filter((name) => name in values && !sameSetting(name, clip.settings[name], values[name], made.auto, depths));
    if (!inputs || !clip.inputs) return names;
    const known = new Map();
    // A world that begins with an image was begun by its own node, a later clip by those of the model.
    const from = Object.entries(clip.inputs).filter(([name, key]) => !sameNode(prompt, inputs[name]?.[0], made.nodes, key, known));
    return [...names, ...from.map(([name]) => name)];
}

function sameSetting(name, was, is, auto, depths) {
    if (name === "depth_source") return is === "auto" ? (depths.length ? depths[0] === was : !DEPTHS.includes(was)) : is === was;
    // The voxel size of an image that was begun on auto is told by the model.
    if (name === "voxel_size" && typeof was !== "number") return is === AUTO;
    if (typeof was !== "number" || typeof is !== "number") return was === is;
    const follows = name !== "voxel_size" && is === (name === "max_references" ? AUTO_REFERENCES : AUTO);
    if (follows && !(name in auto)) return true;
    return Math.abs((follows ? auto[name] : is) - was) <= SAME * Math.max(1, Math.abs(was));
}

/** Whether a node of the workflow, and all before it, are those that a digest of the world names; what it does not know is. */
function sameNode(prompt, id, nodes, key, known) {
    const pair = `${id} ${key}`;
    if (!known.has(pair)) known.set(pair, compared(prompt, id, nodes, key, known));
    return known.get(pair);
}

function compared(prompt, id, nodes, key, known) {
    const [is, was] = [prompt[id], nodes[key]];
    if (!was) return true;
    if (is?.class_type !== was.type) return false;
    const names = Object.keys({ ...is.inputs, ...was.inputs });
    return names.every((name) => sameValue(prompt, is.inputs[name], nodes, was.inputs[name], known));
}

/** A value of the workflow, [id, output] for a link, and what the world says of it: {node, output} for a link, {file, sums}. */
function sameValue(prompt, is, nodes, was, known) {
    if (was?.node !== undefined) return Array.isArray(is) && is[1] === was.output && sameNode(prompt, is[0], nodes, was.node, known);
    return JSON.stringify(is) === JSON.stringify(was?.file ?? was);
}
