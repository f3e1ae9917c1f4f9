// The page's colours, light or dark, as the host's style sheet sets them.

const NAMES = {
    background: "--bg-color",
    panel: "--comfy-menu-bg",
    field: "--comfy-input-bg",
    text: "--input-text",
    faint: "--descrip-text",
    border: "--border-color",
    error: "--error-text",
};

/** {background, panel, field, text, faint, border, error, dark}: CSS colours as rgb() texts, and whether it is dark. */
export function readTheme(element = document.body) {
    const probe = document.createElement("span");
    element.append(probe);
    const theme = {};
    for (const [name, variable] of Object.entries(NAMES)) {
        probe.style.color = "";
        probe.style.color = `var(${variable})`;
        theme[name] = getComputedStyle(probe).color;
    }
    probe.remove();
    theme.dark = luminance(theme.background) < 0.5;
    return theme;
}

/** Calls back when the user changes the page's colours; returns a function that ends it. */
export function watchTheme(changed) {
    const observer = new MutationObserver(() => changed(readTheme()));
    for (const element of [document.documentElement, document.body]) {
        observer.observe(element, { attributes: true, attributeFilter: ["class", "style"] });
    }
    return () => observer.disconnect();
}

export function channels(color) {
    return (color.match(/[\d.]+/g) ?? [0, 0, 0]).slice(0, 3).map((value) => Number(value) / 255);
}

function luminance(color) {
    const [r, g, b] = channels(color);
    return 0.3 * r + 0.6 * g + 0.1 * b;
}
