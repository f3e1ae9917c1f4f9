// The speed of the camera under the time line: a bar per frame as high as the camera moves from the frame before, against the
// path's mean; a line for how much it turns; the easing of each way between keyframes.
import { JUMP, STOP } from "./speed.mjs";
import { TURN_LIMIT } from "./preflight.mjs";

export const CURVE = { top: 106, height: 40 };
const COLORS = { move: "#4a90e2", jump: "#d64545", stop: "#d9822b", turn: "#b065d6" };
const HIGHEST = 4; // times the mean: what is faster is cut off, so that the rest is still seen
const EASING = { width: 16, height: 9, least: 30 }; // pixels; on ways shorter than the last it is not drawn
const SHAPES = {
    smooth: (u) => u * u * (3 - 2 * u),
    ease_in: (u) => u * u,
    ease_out: (u) => u * (2 - u),
};

/** Whether a place of the time line, pixels from its top, is on the curve. */
export const onCurve = (y) => y >= CURVE.top - 4 && y <= CURVE.top + CURVE.height + 4;

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {{speeds: {moves: number[], turns: number[], mean: number}, keys: number[], easings: string[], held: number, label: string}} data held: the keyframe whose
 *   way is dragged, -1 for none
 * @param {{x: (frame: number) => number, text: string, faint: string}} look
 */
export function drawSpeed(pen, { speeds, keys, easings, held, label }, { x, text, faint }) {
    const { moves, turns, mean } = speeds;
    const bottom = CURVE.top + CURVE.height;
    const [left, right] = [x(0), x(Math.max(1, moves.length - 1))];
    pen.fillStyle = faint;
    pen.fillRect(left, bottom, right - left, 1);
    if (held > 0) {
        pen.globalAlpha = 0.3;
        pen.fillRect(x(keys[held - 1]), CURVE.top, x(keys[held]) - x(keys[held - 1]), CURVE.height);
        pen.globalAlpha = 1;
    }
    if (mean > 0) {
        const top = Math.min(HIGHEST, Math.max(2, ...moves.map((move) => move / mean)));
        moves.forEach((move, frame) => {
            if (!frame) return;
            const share = move / mean;
            pen.fillStyle = share > JUMP ? COLORS.jump : share < STOP ? COLORS.stop : COLORS.move;
            const high = Math.max(2, (Math.min(share, top) / top) * CURVE.height);
            pen.fillRect(x(frame - 1), bottom - high, Math.max(0.5, x(frame) - x(frame - 1) - 0.5), high);
        });
        pen.fillStyle = text;
        for (let at = left; at < right; at += 6) pen.fillRect(at, bottom - CURVE.height / top, 3, 1);
    }
    drawTurning(pen, turns, x, bottom);
    drawEasings(pen, keys, easings, x, text);
    pen.fillStyle = text;
    pen.textAlign = "left";
    pen.fillText(label, left + 2, CURVE.top - 7);
}

function drawTurning(pen, turns, x, bottom) {
    const most = Math.max(TURN_LIMIT, ...turns);
    pen.strokeStyle = COLORS.turn;
    pen.beginPath();
    turns.forEach((turn, frame) => frame && pen.lineTo(x(frame - 0.5), bottom - (turn / most) * CURVE.height));
    pen.stroke();
}

/** The shape of each easing that is not linear, at the end of its way, where the keyframe has it. */
function drawEasings(pen, keys, easings, x, text) {
    pen.strokeStyle = text;
    keys.forEach((frame, index) => {
        const shape = SHAPES[easings[index]];
        if (!index || !shape || x(frame) - x(keys[index - 1]) < EASING.least) return;
        const left = x(frame) - EASING.width - 3;
        pen.beginPath();
        for (let step = 0; step <= 12; step++) pen.lineTo(left + (step / 12) * EASING.width, CURVE.top + EASING.height * (1 - shape(step / 12)));
        pen.stroke();
    });
}
