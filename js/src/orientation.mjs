// The view's corner: the world's axes as the free camera sees them, whose six ends turn it to look along them when clicked,
// and the switch of the grid. It is part of the page and not of the picture, so that it has names and takes no picks.
import { h } from "./dom.mjs";
import { AXIS_COLORS } from "./guides.mjs";
import { axis, dot } from "./matrix.mjs";
import { text } from "./texts.mjs";

const REACH = 32; // pixels from the middle to an end
const ENDS = [
    { name: "right", way: [1, 0, 0], label: "X" },
    { name: "left", way: [-1, 0, 0] },
    { name: "below", way: [0, 1, 0], label: "Y" },
    { name: "above", way: [0, -1, 0] },
    { name: "front", way: [0, 0, 1], label: "Z" },
    { name: "behind", way: [0, 0, -1] },
];

export class ViewCorner {
    /** @param {import("./viewer.mjs").Viewer} viewer */
    constructor(viewer) {
        this.viewer = viewer;
        this.ends = ENDS.map(({ name, way, label }) => {
            const color = AXIS_COLORS[way.findIndex(Boolean)];
            const turn = () => viewer.lookAlong(way.map((v) => -v));
            const title = text(`look_from_${name}`);
            const button = h("button", { type: "button", name: `look_from_${name}`, title, "aria-label": title, onclick: turn }, label ?? "");
            Object.assign(button.style, label ? { background: color } : { borderColor: color });
            const arm = label ? h("i", {}) : null;
            if (arm) arm.style.background = color;
            return { way, button, arm };
        });
        const gizmo = h("div", { class: "orientation" }, this.ends.map(({ arm }) => arm), this.ends.map(({ button }) => button)); // prettier-ignore
        this.gridButton = h("button", { type: "button", name: "grid", title: text("grid_title"), onclick: () => viewer.toggleGuides() }, text("grid"));
        this.element = h("div", { class: "corner" }, gizmo, this.gridButton);
        viewer.container.append(this.element);
    }

    show() {
        const { through, guides } = this.viewer;
        this.element.hidden = Boolean(through);
        if (through) return;
        this.gridButton.setAttribute("aria-pressed", guides.wanted);
        const pose = this.viewer.pose();
        for (const { way, button, arm } of this.ends) {
            const [x, y, depth] = [0, 1, 2].map((i) => dot(way, axis(pose, i)));
            button.style.transform = `translate(${REACH * x}px, ${REACH * y}px)`;
            button.style.zIndex = Math.round(10 - 9 * depth);
            button.style.opacity = 0.85 - 0.15 * depth;
            if (arm) arm.style.transform = `rotate(${Math.atan2(y, x)}rad) scaleX(${Math.hypot(x, y) * REACH})`;
        }
    }

    dispose() {
        this.element.remove();
    }
}
