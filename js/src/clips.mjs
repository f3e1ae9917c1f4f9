// How a path is cut into clips, as Clip Window cuts it.

const HISTORY_FRAMES = 9; // of a clip, which repeat the end of the one before

/**
 * New frames of the first clip of a path and of each later one, for `roundStarts`.
 * @param {number} first frames of the first clip
 * @param {number} later frames of a later clip, its history included
 * @param {boolean} continued the path goes on from a video, so that its own first clip is a later one
 */
export function clipRounds(first, later, continued) {
    // Clip Window refuses later clips that add nothing; until it does, the path is shown as one.
    const fresh = later > HISTORY_FRAMES ? later - HISTORY_FRAMES : Infinity;
    return { first: continued ? 1 + fresh : first, later: fresh };
}
