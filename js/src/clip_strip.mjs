// The strip of clips below the camera path editor: what is made, what the next run makes, and how far it is.
import { addStyle, h } from "./dom.mjs";
import { viewUrl } from "./host.mjs";
import { branchLabel, compareBranches, compareTakes, playClips } from "./clip_player.mjs";
import { text } from "./texts.mjs";

const CSS = `
.spatia-editor .clips { grid-column: 1 / -1; border-top: 1px solid var(--border-color); padding: 6px 8px; display: flex; flex-direction: column; gap: 6px; }
.spatia-editor .clips .head { display: flex; gap: 6px; align-items: center; }
.spatia-editor .clips .head output { flex: 1; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.spatia-editor .clips progress { width: 140px; }
.spatia-editor .clips .cards { display: flex; gap: 6px; overflow-x: auto; padding-bottom: 4px; }
.spatia-editor .clips .card { flex: none; width: 236px; display: grid; grid-template-columns: 92px minmax(0, 1fr); gap: 4px 6px; padding: 5px; border: 1px solid var(--border-color);
  border-left: 4px solid var(--border-color); border-radius: 6px; }
.spatia-editor .clips .card.made { border-left-color: #35a06a; }
.spatia-editor .clips .card.again { border-left-color: #d9822b; }
.spatia-editor .clips .card.running { border-left-color: var(--p-primary-color, #4a7bd0); }
.spatia-editor .clips .card img { width: 92px; height: 58px; object-fit: cover; border-radius: 4px; background: #000; }
.spatia-editor .clips .card .blank { width: 92px; height: 58px; border: 1px dashed var(--border-color); border-radius: 4px; display: grid; place-items: center; font-size: 11px; opacity: .8; }
.spatia-editor .clips .card textarea { grid-column: 1 / -1; resize: none; height: 34px; font: 12px/1.25 Inter, Arial, sans-serif; color: var(--input-text);
  background: var(--comfy-input-bg); border: 1px solid var(--border-color); border-radius: 4px; padding: 2px 5px; }
.spatia-editor .clips .card .facts { display: flex; flex-direction: column; gap: 3px; min-width: 0; font-size: 12px; }
.spatia-editor .clips .card .facts input { width: 100%; padding: 1px 5px; }
.spatia-editor .clips .card .acts { grid-column: 1 / -1; display: flex; gap: 4px; }
.spatia-editor .clips .card .acts button, .spatia-editor .clips .card .acts select { padding: 1px 7px; font-size: 12px; }
.spatia-editor .clips .card .acts select { width: 46px; margin-left: auto; }
.spatia-editor .clips .head label, .spatia-editor .clips .head .branches { display: flex; gap: 4px; align-items: center; white-space: nowrap; }
.spatia-editor .clips .head .branches[hidden] { display: none; }
.spatia-editor .clips .head select { max-width: 180px; }
.spatia-player { position: absolute; inset: 0; background: #000; display: flex; gap: 8px; padding: 8px; z-index: 3; }
.spatia-player figure { flex: 1; margin: 0; display: flex; flex-direction: column; gap: 6px; align-items: center; justify-content: center; min-width: 0; color: #ddd; }
.spatia-player video { max-width: 100%; max-height: calc(100% - 60px); width: 100%; object-fit: contain; }
.spatia-player .close { position: absolute; top: 8px; right: 8px; }
`;

export class ClipStrip {
    constructor(director) {
        addStyle("spatia-clips-style", CSS);
        this.director = director;
        const button = (name, act, main = false) =>
            h("button", { type: "button", name, class: main ? "main" : null, title: text(`${name}_title`), onclick: act }, text(name));
        this.generate = button("direct_generate", () => director.generate(), true);
        this.stop = button("direct_stop", () => director.stop());
        this.next = button("direct_next", () => director.addClip());
        this.previews = h("input", { type: "checkbox", name: "direct_previews", onchange: () => (director.previews = this.previews.checked) });
        this.previews.checked = director.previews;
        this.branch = h("select", {
            name: "direct_branch",
            "aria-label": text("direct_branch_choice"),
            title: text("direct_branch_title"),
            onchange: () => director.useBranch(this.branch.value),
        });
        this.branches = h(
            "span",
            { class: "branches", hidden: true },
            this.branch,
            button("direct_compare", () => compareBranches(director)),
        );
        this.status = h("output", { role: "status" });
        this.progress = h("progress", { max: 1, value: 0, hidden: true, "aria-label": text("direct_progress") });
        this.cards = h("div", { class: "cards" });
        this.followed = null;
        this.element = h("div", { class: "clips", role: "region", "aria-label": text("direct_strip") },
            h("div", { class: "head" }, this.generate, this.stop, this.next, this.branches, h("label", { title: text("direct_previews_title") }, this.previews, text("direct_previews")), this.progress, this.status), this.cards); // prettier-ignore
    }

    show() {
        // What is being typed is left alone.
        if (!this.cards.contains(document.activeElement) || !document.activeElement.matches("input, textarea, select")) {
            this.cards.replaceChildren(...this.director.clips.map((clip) => this.card(clip)));
        }
        this.showBranches();
        this.showRunning();
    }

    /** The world's branches; the one that the clips of the strip are on is chosen. */
    showBranches() {
        const { tree, clips } = this.director;
        const last = clips.at(-1);
        const shown = last?.state === "made" ? [...tree.branches].find(([, end]) => end === last.known.id)?.[0] : null;
        this.branches.hidden = tree.branches.size < 2;
        const names = [...tree.branches.keys()];
        const options = names.map((name) => h("option", { value: name }, branchLabel(tree, name)));
        this.branch.replaceChildren(...(shown ? [] : [h("option", { value: "" }, text("direct_no_branch"))]), ...options);
        this.branch.value = shown ?? "";
    }

    showRunning() {
        const { running, status, took } = this.director;
        this.generate.disabled = Boolean(running);
        this.stop.disabled = !running;
        this.progress.hidden = !running;
        this.progress.value = running?.share ?? 0;
        this.status.textContent = status;
        this.status.title = status;
        if (took) this.element.dataset.took = took;
        else delete this.element.dataset.took;
        const making = running ? this.director.clips.find((clip) => clip.state !== "made") : null;
        for (const card of this.cards.children) card.classList.toggle("running", making?.number === Number(card.dataset.number));
        this.follow(making?.number ?? null);
        if (!running) this.dropPreview();
    }

    /** Bring the card of the clip that is being made into sight, once per clip: the user may look elsewhere meanwhile. */
    follow(number) {
        if (number !== this.followed) this.cards.querySelector(".running")?.scrollIntoView({ block: "nearest", inline: "nearest" });
        this.followed = number;
    }

    /** The latent preview of the clip that is being made, in its card. */
    showPreview(blob) {
        const card = this.cards.querySelector(".running");
        if (!card) return;
        const image = h("img", { class: "latent", alt: text("direct_preview") });
        this.dropPreview();
        this.preview = URL.createObjectURL(blob);
        image.src = this.preview;
        card.firstChild.replaceWith(image);
    }

    dropPreview() {
        if (this.preview) URL.revokeObjectURL(this.preview);
        this.preview = null;
    }

    card(clip) {
        const { director } = this;
        const { known, state, number } = clip;
        const notes = known?.notes ?? [];
        const picture =
            known?.poster && state === "made"
                ? h("img", { src: viewUrl(known.poster), alt: text("clip", { number }) })
                : h("div", { class: "blank" }, text(`direct_state_${state}`));
        const prompt = h("textarea", { name: "prompt", "aria-label": text("direct_prompt", { number }), title: text("direct_prompt", { number }), disabled: director.linked("prompts"), onchange: () => {
            prompt.blur();
            director.setPrompt(clip, prompt.value);
        } }); // prettier-ignore
        prompt.value = clip.prompt;
        const seed = h("input", { name: "seed", inputmode: "numeric", "aria-label": text("direct_seed", { number }), title: text("direct_seed", { number }), disabled: director.linked("clip_seeds"), onchange: () => {
            seed.blur();
            director.setSeed(clip, seed.value.trim());
        } }); // prettier-ignore
        seed.value = clip.seed;
        const act = (name, label, go, disabled = false) => h("button", { type: "button", name, title: text(`${name}_title`), disabled, onclick: go }, label);
        const takes = known ? director.tree.takesOf(known) : [];
        // A list as a menu: it opens over the strip, which scrolls, and by the keyboard as well.
        const more = h("select", { name: "direct_more", "aria-label": text("direct_more", { number }), title: text("direct_more", { number }), disabled: state !== "made", onchange: () => {
            const chosen = { branch: () => director.branchAfter(clip), end: () => director.endWith(clip) }[more.value];
            more.value = "";
            more.blur();
            chosen();
        } }, [["", "⋯"], ["branch", text("direct_branch_here")], ["end", text("direct_end_here")]].map(([value, label]) => h("option", { value, hidden: !value }, label))); // prettier-ignore
        const facts =
            known && state === "made" ? `${known.frames} · ${known.seconds.toFixed(1)} s` : text("direct_frames", { from: clip.from, to: clip.to - 1 });
        const names = clip.otherwise.join(", ");
        const unlike = names
            ? h("div", { class: "warned unlike", title: text("direct_otherwise_title", { names }) }, text("direct_otherwise", { names }))
            : null;
        return h("div", { class: `card ${state}`, "data-number": number },
            picture,
            h("div", { class: "facts" },
                h("div", {}, text("clip", { number }), " ", notes.length ? h("span", { title: notes.join("\n"), class: "warned" }, `⚠ ${notes.length}`) : null),
                unlike ?? h("div", {}, facts), seed),
            prompt,
            h("div", { class: "acts" },
                act("direct_redo", text("direct_redo"), () => director.redo(clip), !known || director.linked("clip_seeds")),
                act("direct_takes", text("direct_takes", { count: takes.length }), () => compareTakes(director, clip), takes.length < 2),
                act("direct_play", "▶", () => playClips(director, number), !known?.preview), more),
        ); // prettier-ignore
    }

    dispose() {
        this.dropPreview();
        this.element.remove();
    }
}
