// Snapping of a dragged keyframe onto an earlier pose: which of them it is near to, as one sees it.
import { invertPose, position, turnBetween } from "./matrix.mjs";
import { frustumCorners } from "./frustum.mjs";

const NEAR = 10; // pixels
const TURNED = 6; // degrees: seen from far, frusta of any direction are near each other

/** Whether two cameras stand within snapping distance, as one sees them. */
export const standNear = (a, b, screen) => apart(...[a, b].map(({ w2c }) => screen(position(invertPose(w2c))))) <= NEAR;

/**
 * The candidate that a moved pose is near to, null for none.
 * candidates: [{camera, ...}], the preferred ones first; moved: the camera that is dragged; screen(point): its pixel [x, y],
 * null behind the viewer; reach: scene units of a drawn frustum; turning: it is turned and not moved, so that its direction
 * must be near too.
 */
export function nearestPose(candidates, moved, screen, { reach, turning }) {
    const at = screen(position(invertPose(moved.w2c)));
    let best = null;
    for (const candidate of candidates) {
        const c2w = invertPose(candidate.camera.w2c);
        const far = apart(at, screen(position(c2w)));
        if (far > NEAR) continue;
        const turn = turnBetween(c2w, invertPose(moved.w2c));
        if (turning && (turn > TURNED || cornersApart(candidate.camera, moved, screen, reach) > NEAR)) continue;
        // Of poses at one spot, that which looks more the same way.
        if (!best || far < best.far - 1e-6 || (far < best.far + 1e-6 && turn < best.turn - 1e-6)) best = { candidate, far, turn };
    }
    return best?.candidate ?? null;
}

const apart = (a, b) => (a && b ? Math.hypot(a[0] - b[0], a[1] - b[1]) : Infinity);

/** Pixels between the corners of two pictures in their frusta. The dragged one's own lens counts for both. */
function cornersApart(camera, moved, screen, reach) {
    const [a, b] = [camera.w2c, moved.w2c].map((w2c) => frustumCorners({ w2c, intrinsics: moved.intrinsics }, reach).corners.map(screen));
    return Math.max(...a.map((corner, i) => apart(corner, b[i])));
}
