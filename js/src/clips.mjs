// How a path is cut into clips, as Clip Window and Spatia Video cut it.

/**
 * New frames of the first clip of a path and of each later one, for `roundStarts`.
 * @param {number} first frames of the first clip
 * @param {number} later frames of a later clip, its history included
 * @param {number} history frames of a later clip that repeat the end of the one before
 * @param {boolean} continued the path goes on from a video, so that its own first clip is a later one
 */
export function clipRounds(first, later, history, continued) {
    // Later clips that add nothing are refused when they are run; until then, the path is shown as one.
    const fresh = later > history ? later - history : Infinity;
    return { first: continued ? 1 + fresh : first, later: fresh };
}
