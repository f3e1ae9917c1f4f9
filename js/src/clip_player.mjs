// Finished clips over the editor's view: the video from one clip on, or two takes of a clip side by side.
import { choiceField, h } from "./dom.mjs";
import { viewUrl } from "./host.mjs";
import { text } from "./texts.mjs";

/** Plays the clips of the branch from this number on, one after the other. */
export function playClips(director, number) {
    const files = director.listing.clips.filter((clip) => clip.number >= number && clip.preview);
    const video = h("video", { autoplay: true, muted: true, playsinline: true });
    const caption = h("div");
    let next = 0;
    const play = () => {
        if (next >= files.length) return box.remove();
        const clip = files[next++];
        caption.textContent = text("clip", { number: clip.number });
        video.src = viewUrl(clip.preview);
        video.play().catch((error) => {
            if (error.name !== "AbortError") caption.textContent = error.message; // that one: closed meanwhile
        });
    };
    video.addEventListener("ended", play);
    const box = opened(director, h("figure", {}, video, caption));
    play();
}

/** Two takes of a clip, chosen from all there are; either can be used. */
export function compareTakes(director, clip) {
    const { takes, id } = clip.known;
    const other = takes.findIndex((take) => take.id !== id);
    const own = takes.findIndex((take) => take.id === id);
    const label = (take, index) => text("direct_take", { number: index + 1, seed: take.seed ?? "–", prompt: take.prompt });
    const side = (index) => {
        const video = h("video", { autoplay: true, muted: true, loop: true, playsinline: true });
        let take;
        const use = h("button", { type: "button", name: "direct_use", title: text("direct_use_title"), onclick: () => {
            box.remove();
            director.useTake(clip, take);
        } }, text("direct_use")); // prettier-ignore
        const choose = (chosen) => {
            take = takes[chosen];
            choice.show(String(chosen));
            video.src = take.preview ? viewUrl(take.preview) : "";
            video.poster = take.poster ? viewUrl(take.poster) : "";
            use.disabled = take.seed === null;
        };
        const options = takes.map((one, k) => [String(k), label(one, k)]);
        const choice = choiceField({ label: text("direct_take_choice"), name: "take", options, change: (value) => choose(Number(value)) });
        choose(index);
        return h("figure", { class: "take" }, video, choice.row, use);
    };
    const box = opened(director, side(own), side(other));
}

function opened(director, ...children) {
    const { stage } = director.editor;
    stage.querySelector(".spatia-player")?.remove();
    const close = h("button", { type: "button", class: "close", name: "direct_close", onclick: () => box.remove() }, text("report_close"));
    const box = h("div", { class: "spatia-player" }, ...children, close);
    // The view behind it would turn.
    for (const type of ["pointerdown", "pointermove", "wheel"]) box.addEventListener(type, (event) => event.stopPropagation());
    stage.append(box);
    return box;
}
