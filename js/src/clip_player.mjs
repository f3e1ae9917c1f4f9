// Finished clips over the editor's view: the video from one clip on, two takes of a clip or two branches side by side.
import { choiceField, h } from "./dom.mjs";
import { viewUrl } from "./host.mjs";
import { text } from "./texts.mjs";

/** Plays the clips of the strip from this number on, one after the other. */
export function playClips(director, number) {
    const caption = h("div");
    const video = h("video", { autoplay: true, muted: true, playsinline: true });
    const player = opened(director, h("figure", {}, video, caption));
    const clips = director.clips.map(({ known }) => known).filter((clip) => clip && clip.number >= number);
    playAll(video, clips, { caption, ended: () => player.close() });
}

/** Two takes of a clip, chosen from all there are; either can be used. */
export function compareTakes(director, clip) {
    const { known } = clip;
    const takes = director.tree.takesOf(known);
    const label = (take, index) => text("direct_take", { number: index + 1, seed: take.seed ?? "–", prompt: take.prompt });
    const sides = {
        names: takes.map((take, k) => [take.id, label(take, k)]),
        label: text("direct_take_choice"),
        clips: (id) => [director.tree.byId.get(id)],
        use: ["direct_use", (id) => director.useTake(clip, director.tree.byId.get(id))],
        usable: (id) => director.tree.byId.get(id).seed !== null,
    };
    compare(director, sides, [known.id, (takes.find((take) => take.id !== known.id) ?? known).id]);
}

/** Two branches of the world from the first clip on that they do not share; either can be used. */
export function compareBranches(director) {
    const { tree } = director;
    const names = [...tree.branches.keys()];
    const own = names.find((name) => tree.branches.get(name) === tree.chain.at(-1)?.id) ?? names[0];
    const chosen = [own, names.find((name) => name !== own)];
    // Both begin where these part; another choice may part from them earlier, and begins with its own first clip then.
    const apart = (name, other) => {
        const before = new Set(tree.branch(other).map((clip) => clip.id));
        const clips = tree.branch(name);
        const parted = clips.filter((clip) => !before.has(clip.id));
        return parted.length ? parted : clips.slice(-1);
    };
    const sides = {
        names: names.map((name) => [name, branchLabel(tree, name)]),
        label: text("direct_branch_choice"),
        clips: (name, other) => apart(name, other),
        use: ["direct_use_branch", (name) => director.useBranch(name)],
        usable: () => true,
    };
    compare(director, sides, chosen);
}

/** A branch in words: its name, and how many clips it has. */
export const branchLabel = (tree, name) => text("direct_branch", { name, count: tree.byId.get(tree.branches.get(name))?.number ?? 0 });

function compare(director, { names, label, clips, use, usable }, chosen) {
    const [useName, useIt] = use;
    const shows = chosen.map((_, side) => {
        const video = h("video", { autoplay: true, muted: true, playsinline: true });
        const caption = h("div");
        const button = h("button", { type: "button", name: useName, title: text(`${useName}_title`), onclick: () => {
            player.close();
            useIt(chosen[side]);
        } }, text(useName)); // prettier-ignore
        const choice = choiceField({ label, name: "take", options: names, change: (value) => {
            chosen[side] = value;
            shows.forEach((show) => show());
        } }); // prettier-ignore
        const figure = h("figure", { class: "take" }, video, caption, choice.row, button);
        return Object.assign(
            () => {
                choice.show(chosen[side]);
                button.disabled = !usable(chosen[side]);
                playAll(video, clips(chosen[side], chosen[1 - side]), { caption, loop: true });
            },
            { figure },
        );
    });
    const player = opened(director, ...shows.map((show) => show.figure));
    shows.forEach((show) => show());
}

/** Plays the previews of these clips, one after the other; loop: over and over. ended: is called after the last one. */
function playAll(video, clips, { caption, loop = false, ended = () => {} }) {
    const files = clips.filter((clip) => clip.preview);
    let next = 0;
    const play = () => {
        if (next >= files.length && loop) next = 0;
        if (next >= files.length) return ended();
        const clip = files[next++];
        caption.textContent = text("clip", { number: clip.number });
        video.poster = clip.poster ? viewUrl(clip.poster) : "";
        video.src = viewUrl(clip.preview);
        video.play().catch((error) => {
            if (error.name !== "AbortError") caption.textContent = error.message; // that one: closed meanwhile
        });
    };
    video.onended = play;
    if (files.length || !loop) return play();
    caption.textContent = text("direct_no_preview");
    video.removeAttribute("src");
    video.load();
}

function opened(director, ...children) {
    const { stage, viewer } = director.editor;
    director.player?.close();
    const player = { close };
    const button = h("button", { type: "button", class: "close", name: "direct_close", onclick: close }, text("report_close"));
    const box = h("div", { class: "spatia-player" }, ...children, button);
    // The view behind it would turn.
    for (const type of ["pointerdown", "pointermove", "wheel"]) box.addEventListener(type, (event) => event.stopPropagation());
    stage.append(box);
    director.player = player;
    button.focus();
    return player;

    function close() {
        box.remove();
        if (director.player === player) director.player = null;
        viewer.canvas.focus();
    }
}
