// The list of edits beside the cloud editor's view: a row each, to choose, switch off, reorder and delete.
import { h } from "./dom.mjs";
import { shapesOf } from "./edit_list.mjs";
import { LEFT_TO_NODE } from "./node_edits.mjs";
import { text } from "./texts.mjs";

export class CloudList {
    /** @param {import("./cloud_editor.mjs").CloudEditor} editor */
    constructor(editor) {
        this.editor = editor;
        this.rows = h("ol");
    }

    show() {
        // A row that has the keyboard keeps it.
        const held = this.rows.contains(document.activeElement) ? /** @type {HTMLInputElement} */ (document.activeElement).name : null;
        const own = this.editor.result?.own ?? 0;
        const rows = this.editor.list.map((edit, index) => this.editRow(edit, index, own));
        if (this.editor.own) rows.unshift(this.ownRow());
        this.rows.replaceChildren(...rows);
        if (!rows.length) this.rows.append(h("li", {}, h("span", {}, text("no_edits"))));
        if (held) this.rows.querySelector(`[name="${held}"]`)?.focus();
    }

    /** How many points the node's last run had for the edit with this number of all, null where the list was another one. */
    ranCount(number) {
        const { facts, own, list } = this.editor;
        const edits = [...(own ? [own] : []), ...list].slice(0, number + 1);
        return facts && JSON.stringify(facts.edits.slice(0, number + 1)) === JSON.stringify(edits) ? facts.counts[number] : null;
    }

    describe(edit, count, failure, ran) {
        const shapes = edit.do === "merge" ? [] : shapesOf(edit.select ?? { shape: "all" }).map((shape) => text(`shape_${shape}`));
        const what = edit.do === "merge" ? (edit.file?.split("/").at(-1) ?? text("shape_connected")) : shapes.join(" + ");
        let state = count == null ? "" : text("edit_count", { count });
        if (edit.off) state = text("edit_off");
        else if (failure) state = failure.startsWith("not_") ? text(`failed_${failure}`) : failure;
        if (!edit.off && LEFT_TO_NODE.includes(failure) && ran != null) state = `${text("node_count", { count: ran })} ${state}`;
        return [`${text(`edit_${edit.do}`)} · ${what}`, h("small", {}, state)];
    }

    editRow(edit, index, own) {
        const number = index + 1;
        const [count, failure] = [this.editor.result?.counts[index + own], this.editor.result?.failures[index + own]];
        const broken = !edit.off && failure && !LEFT_TO_NODE.includes(failure);
        const chosen = this.editor.focus === "edit" && index === this.editor.current;
        const small = (name, label, act, disabled) =>
            h("button", { type: "button", name: `${name}_${index}`, title: text(name), disabled: disabled || !this.editor.editable, onclick: act }, label);
        const row = h("li", {
            class: [chosen && "current", edit.off && "off", broken && "failed"].filter(Boolean).join(" "), draggable: this.editor.editable ? "true" : "false",
            "data-count": count ?? "",
            ondragstart: (event) => event.dataTransfer.setData("text/plain", String(index)),
            ondragover: (event) => {
                event.preventDefault();
                row.classList.add("over");
            },
            ondragleave: () => row.classList.remove("over"),
            ondrop: (event) => {
                event.preventDefault();
                const from = Number(event.dataTransfer.getData("text/plain"));
                if (Number.isInteger(from) && this.editor.list[from]) this.editor.edits.reorder(from, index);
            },
        },
            h("input", { type: "checkbox", name: `on_${index}`, "aria-label": text("toggle_edit", { number }), checked: !edit.off, disabled: !this.editor.editable, onchange: (event) => this.editor.edits.toggle(index, event.target.checked) }),
            h("button", { type: "button", class: "name", name: `edit_${index}`, "aria-pressed": chosen ? "true" : "false", onclick: () => this.editor.edits.choose(index) }, `${number}. `, ...this.describe(edit, count, failure, this.ranCount(index + own))),
            small("earlier", "↑", () => this.editor.edits.reorder(index, index - 1), index === 0),
            small("later", "↓", () => this.editor.edits.reorder(index, index + 1), index === this.editor.list.length - 1),
            small("delete_edit", "✕", () => this.editor.edits.deleteEdit(index)),
        ); // prettier-ignore
        return row;
    }

    ownRow() {
        const [count, failure] = [this.editor.result?.counts[0], this.editor.result?.failures[0]];
        const [name, state] = this.describe(this.editor.own, count, failure, this.ranCount(0));
        return h("li", { class: failure && !LEFT_TO_NODE.includes(failure) ? "failed" : "", "data-count": count ?? "" },
            h("input", { type: "checkbox", name: "on_own", "aria-label": text("toggle_edit", { number: 0 }), checked: true, disabled: !this.editor.editable, onchange: () => this.editor.edits.takeOver({ off: true }) }),
            h("span", { class: "name" }, name, h("small", {}, text("own_edit"), " ", state)),
            h("button", { type: "button", name: "take_over", title: text("take_over"), disabled: !this.editor.editable, onclick: () => this.editor.edits.takeOver() }, "⤓"),
        ); // prettier-ignore
    }
}
