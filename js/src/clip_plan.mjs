// What the clips of a path are, which of them are there, and what a run would make: arithmetic on widgets and listings.
import { roundStarts } from "./path.mjs";

const TOLERANCE = 1e-6; // of a pose's and a lens's numbers; the server takes what is nearer for the same

/** Prompts as the node reads them: the lines that are not empty. */
export const promptLines = (prompts) => prompts.split(/\r\n?|\n/).map((line) => line.trim()).filter(Boolean); // prettier-ignore

/** The prompt of a clip, counted from 1: its line, the last one for the clips after it. */
export function promptOf(prompts, clip) {
    const lines = promptLines(prompts);
    return lines[Math.min(clip, lines.length) - 1] ?? "";
}

/** The prompts text in which this clip of `count` has another prompt, and the others keep theirs. */
export function withPrompt(prompts, count, clip, prompt) {
    const lines = Array.from({ length: Math.max(count, clip) }, (_, k) => (k + 1 === clip ? prompt.replace(/\s+/g, " ").trim() : promptOf(prompts, k + 1)));
    while (lines.length > 1 && lines.at(-1) === lines.at(-2)) lines.pop();
    return lines.join("\n");
}

/** Seeds by clip of a clip_seeds text; lines that say something else are passed over, as the node refuses them. */
export function parseSeeds(seeds) {
    return new Map([...seeds.matchAll(/^[ \t]*(\d{1,7})[ \t]*:[ \t]*(\d{1,20})[ \t]*$/gm)].map(([, clip, seed]) => [Number(clip), seed]));
}

/** The clip_seeds text in which this clip has this seed; as the node's own seed widget says: without a line. */
export function withSeed(seeds, clip, seed, common) {
    const known = parseSeeds(seeds);
    if (String(seed) === String(common)) known.delete(clip);
    else known.set(clip, String(seed));
    return [...known].sort(([a], [b]) => a - b).map((pair) => pair.join(": ")).join("\n"); // prettier-ignore
}

/** New frames of each clip of a path: [{from, to}], `to` excluded. first, later: new frames of the first clip and of later ones. */
export function clipsOf(frames, first, later) {
    const starts = [0, ...roundStarts(frames, first, later)];
    return starts.map((from, k) => ({ from, to: starts[k + 1] ?? frames, whole: (starts[k + 1] ?? frames) - from === (k ? later : first) }));
}

/** Frames of the path that is one whole clip longer; a last clip that is not whole is filled up first. */
export function framesWithNext(frames, first, later) {
    const clips = clipsOf(frames, first, later);
    return clips.at(-1).from + (clips.length > 1 ? later : first) + later;
}

/** The first frame at which two paths differ, the shorter one's length where they do not. */
export function firstDifference(a, b) {
    const count = Math.min(a.length, b.length);
    const differ = (p, q) => p.some((value, i) => Math.abs(value - q[i]) > TOLERANCE);
    for (let frame = 0; frame < count; frame++) {
        if (differ(a[frame].w2c, b[frame].w2c) || differ(a[frame].intrinsics, b[frame].intrinsics)) return frame;
    }
    return count;
}

/**
 * The clips of the path, and what a run would do with each: "made" (it is there and is read), "again" or "new".
 *
 * clips: of `clipsOf`. prompts, seeds, seed: the widgets. tree: MadeClips. base: number of the first clip in the world.
 * filmed: clip of the world -> the path that it was made along, null where that is not known. path: as it is now.
 * last: what the last run reported, {path, clips: [{number, to}]}, or null: it tells where the world does not.
 * otherwise: clip of the world -> names of what else it was made with otherwise.
 * @returns {{number, line, from, to, whole, prompt, seed, state, known, otherwise}[]} known: the clip that is read, else the
 * one that stood in its place; otherwise: of that one
 */
export function planned({ clips, prompts, seeds, seed, tree, base, filmed, last, path, otherwise }) {
    const own = parseSeeds(seeds);
    const ends = new Map((last?.clips ?? []).map(({ number, to }) => [number, to]));
    const follows = (made, clip, number) => {
        if (made.frames !== clip.to - clip.from - (clip.from === 0 ? 1 : 0)) return false;
        const along = filmed(made);
        if (along) return firstDifference(path, along) >= clip.to;
        return !last || (ends.get(number) === clip.to && firstDifference(path, last.path) >= clip.to);
    };
    const start = tree.chain[base - 1] ?? null;
    // An image that was begun otherwise is begun anew, in the same world.
    const anew = base === 1 && start ? otherwise(start) : [];
    let before = anew.length ? null : start;
    return clips.map((clip, k) => {
        const [number, line] = [base + k, k + 1];
        const prompt = promptOf(prompts, line);
        const wanted = own.get(line) ?? String(seed);
        before =
            tree.following(before).find((one) => one.prompt === prompt && one.seed === wanted && follows(one, clip, number) && !otherwise(one).length) ?? null;
        const known = before ?? tree.chain[number] ?? null;
        const unlike = before || !known ? [] : [...anew, ...otherwise(known)];
        return { ...clip, number, line, prompt, seed: wanted, known, state: before ? "made" : known ? "again" : "new", otherwise: unlike };
    });
}

/** The widgets with which these clips are read again: {prompts, clip_seeds}. common: the seed of the node's own widget. */
export function widgetsOf(clips, common) {
    let seeds = "";
    for (const [k, clip] of clips.entries()) seeds = withSeed(seeds, k + 1, clip.seed, common);
    const lines = clips.map((clip) => clip.prompt);
    while (lines.length > 1 && lines.at(-1) === lines.at(-2)) lines.pop();
    return { prompts: lines.join("\n"), clip_seeds: seeds };
}
