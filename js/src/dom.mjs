// Small helpers for building the editors' dialogs.

/** An element: h("button", {class: "tool", onclick}, "text", child, ...). Attributes that are null are left out. */
export function h(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (value == null || value === false) continue;
        if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
        else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.flat().filter((child) => child != null));
    return element;
}

/** A labelled number field that reports each complete change: {row, input, show(value), enable(flag)}. */
export function numberField({ label, name, step = 0.01, min, max, digits = 4, change }) {
    const input = h("input", { type: "number", name, step, min, max, "aria-label": label });
    let shown = "";
    input.addEventListener("change", () => {
        const value = input.value.trim() === "" ? NaN : Number(input.value);
        const low = min ?? -Infinity;
        const high = max ?? Infinity;
        if (Number.isFinite(value) && value >= low && value <= high) change(value);
        else input.value = shown;
    });
    return {
        row: h("label", { class: "field" }, h("span", {}, label), input),
        input,
        show(value) {
            shown = value == null ? "" : String(Number(value.toFixed(digits)));
            if (document.activeElement !== input || input.value !== shown) input.value = shown;
        },
        enable(flag) {
            input.disabled = !flag;
        },
    };
}

/** A labelled choice: {row, select, show(value), enable(flag)}. options: [[value, text], ...]. */
export function choiceField({ label, name, options, change }) {
    const select = h(
        "select",
        { name, "aria-label": label },
        options.map(([value, text]) => h("option", { value }, text)),
    );
    select.addEventListener("change", () => change(select.value));
    return {
        row: h("label", { class: "field" }, h("span", {}, label), select),
        select,
        show: (value) => (select.value = value),
        enable: (flag) => (select.disabled = !flag),
    };
}

/** Puts a style sheet into the page, once. */
export function addStyle(id, css) {
    if (document.getElementById(id)) return;
    const style = h("style", { id });
    style.textContent = css;
    document.head.append(style);
}

/** Shows a message in a box for a while. The page's own messages would lie behind a dialog. */
export function announce(box, message) {
    const line = h("div", {}, message);
    box.append(line);
    setTimeout(() => line.remove(), 7000);
}

/**
 * Answers come in any order; only that of the latest request counts: each begin() gives a function that tells whether no
 * other one has begun since.
 */
export class Latest {
    count = 0;

    begin() {
        const mine = ++this.count;
        return () => mine === this.count;
    }
}

export function download(name, content) {
    const url = URL.createObjectURL(new Blob([content]));
    h("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
}

/**
 * A modal dialog that keeps the keyboard to itself: ComfyUI's shortcuts would act on the graph behind it, and Escape would
 * not close it. keys(event) -> true when it handled the key. Returns {element, close()}, with the focus on the still empty
 * element; closed() is called once, however it ends.
 */
export function modalDialog({ name, label, keys, closed = () => {} }) {
    const element = h("dialog", { class: name, "aria-label": label });
    const ended = new AbortController();
    const onKey = (event) => {
        if (!element.contains(event.target) && event.target !== document.body) return;
        const typing = event.target.matches?.("input:not([type=checkbox], [type=range], [type=color]), textarea, select");
        if ((!typing || event.key === "Escape") && keys(event)) {
            event.preventDefault();
            event.stopImmediatePropagation();
        }
        // ComfyUI's own undo also listens in the capture phase, before us, but reads the key a frame later.
        if (!typing && (event.ctrlKey || event.metaKey) && /^[zy]$/i.test(event.key)) Object.defineProperty(event, "key", { value: "" });
    };
    window.addEventListener("keydown", onKey, { capture: true, signal: ended.signal });
    for (const type of ["keydown", "keyup", "keypress", "copy", "cut", "paste", "wheel", "dragover", "drop"]) {
        element.addEventListener(type, (event) => event.stopPropagation(), { signal: ended.signal });
    }
    // The browser's own way out would not ask.
    element.addEventListener("cancel", (event) => event.preventDefault(), { signal: ended.signal });
    element.addEventListener("close", () => {
        ended.abort();
        element.remove();
        closed();
    }, { once: true }); // prettier-ignore
    document.body.append(element);
    element.showModal();
    return { element, close: () => element.close() };
}
