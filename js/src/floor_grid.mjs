// The arithmetic of the floor grid: how far apart its lines are, where they lie, how high. World units, OpenCV axes (y down).

const CELLS = 24; // lines to each side of the middle
const STRONGER = 10; // every so many lines one is drawn stronger
const CELLS_IN_REACH = 8; // how many cells lie between the eye and what it looks at, about
const LOWEST = 0.98; // of the points' heights: below lie strays
const SAMPLES = 4096; // points that tell the floor's height
const SETTLED = 0.02; // of the cloud's height: a floor that differs by less stays where it was

/** A round distance between lines, 1, 2 or 5 times a power of ten, for an eye this far from what it looks at. */
export function gridSpacing(reach) {
    const wanted = Math.max(reach, 1e-9) / CELLS_IN_REACH;
    const power = 10 ** Math.floor(Math.log10(wanted));
    const factor = [1, 2, 5, 10].find((step) => step * power >= wanted * (1 - 1e-9));
    // Through its digits: 3 * 0.1 is no round number.
    return Number((factor * power).toPrecision(1));
}

/**
 * Lines round a middle [x, z], as segments that fade outwards.
 * @returns {{from: number[], to: number[], strong: boolean, alpha: number[]}[]} from, to: [x, z]; alpha: at both ends
 */
export function gridLines(spacing, [x, z]) {
    const reach = CELLS * spacing;
    const lines = [];
    const [column, row] = [x, z].map((v) => Math.round(v / spacing));
    for (let k = -CELLS; k <= CELLS; k++) {
        const middle = 1 - Math.abs(k) / (CELLS + 1);
        for (const side of [-1, 1]) {
            const across = (column + k) * spacing;
            const along = (row + k) * spacing;
            const [cx, cz] = [column * spacing, row * spacing];
            lines.push({ from: [across, cz], to: [across, cz + side * reach], strong: (column + k) % STRONGER === 0, alpha: [middle, 0] });
            lines.push({ from: [cx, along], to: [cx + side * reach, along], strong: (row + k) % STRONGER === 0, alpha: [middle, 0] });
        }
    }
    return lines;
}

/**
 * Height (world y, which points down) of a decoded cloud's floor: of its lowest points, but for strays. Null without points.
 * before: the height that was found last, which stays unless the floor is elsewhere.
 */
export function floorOf(cloud, before = null) {
    if (!cloud?.count) return null;
    const step = Math.max(1, Math.floor(cloud.count / SAMPLES));
    const heights = [];
    for (let i = 0; i < cloud.count; i += step) heights.push(cloud.positions[3 * i + 1]);
    heights.sort((a, b) => a - b);
    const extent = cloud.high[1] - cloud.low[1];
    const found = cloud.low[1] + (heights[Math.floor(LOWEST * (heights.length - 1))] / 65535) * extent;
    return before !== null && Math.abs(found - before) < SETTLED * extent ? before : found;
}
