// The outlines of a mask as one polygon, which a lasso of the edits can be.
import { neat, simplified } from "./edit_list.mjs";

const SLACK = 1 / 1200; // of the image's diagonal: the outline may be simplified by so much
const SMALLEST = 4; // pixels of a part
const MOST_CORNERS = 1500;
const CRUMB = 0.002; // of the largest part's area: smaller parts and holes are left out
const MOST_RINGS = 200; // the largest ones: a picture of noise has a hundred thousand

/**
 * The outlines of a mask {width, height, data} (0 or 1 per pixel) as one polygon [[u, v], ...] in parts of the sides; null
 * where nothing is left of it. Bridges that are passed there and back hold its rings together: by the even-odd rule they
 * enclose nothing, and holes are outside.
 */
export function outlineOfMask(mask) {
    const { width, height } = mask;
    const rings = ringsOf(mask)
        .map((ring) => ({ ring, area: areaOf(ring) }))
        .sort((a, b) => b.area - a.area);
    const least = Math.max(SMALLEST, CRUMB * (rings[0]?.area ?? 0));
    const kept = rings.filter(({ area }) => area >= least).slice(0, MOST_RINGS).map(({ ring }) => ring); // prettier-ignore
    if (!kept.length) return null;
    let slack = Math.max(0.8, SLACK * Math.hypot(width, height));
    let lines = kept.map((ring) => simplifiedRing(ring, slack));
    while (lines.flat().length > MOST_CORNERS && slack < width + height) {
        slack *= 1.5;
        lines = kept.map((ring) => simplifiedRing(ring, slack)).filter((ring) => ring.length > 2);
    }
    const [first, ...others] = lines;
    const whole = others.length ? [...first, first[0], ...others.flatMap((ring) => [...ring, ring[0], first[0]])] : first;
    return whole.map(([x, y]) => [neat(x / width, 6), neat(y / height, 6)]);
}

const STEPS = [[1, 0], [0, 1], [-1, 0], [0, -1]]; // prettier-ignore

/** Closed lines along the sides of the pixels, between those that are set and those that are not: [[[x, y], ...], ...]. */
function ringsOf({ width, height, data }) {
    const columns = width + 1;
    const isSet = (x, y) => x >= 0 && y >= 0 && x < width && y < height && data[y * width + x] === 1;
    // Per corner of the pixels, which ways a line leaves it: bits, in the order of STEPS, the set pixels to its right.
    const ways = new Uint8Array(columns * (height + 1));
    for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
            if (!isSet(x, y)) continue;
            if (!isSet(x, y - 1)) ways[y * columns + x] |= 1;
            if (!isSet(x + 1, y)) ways[y * columns + x + 1] |= 2;
            if (!isSet(x, y + 1)) ways[(y + 1) * columns + x + 1] |= 4;
            if (!isSet(x - 1, y)) ways[(y + 1) * columns + x] |= 8;
        }
    }
    const rings = [];
    for (let start = 0; start < ways.length; start++) {
        while (ways[start]) {
            const ring = [];
            let at = start;
            let way = -1;
            do {
                // Round its own pixel first, where two of them meet at a corner.
                const next = [way + 1, way, way + 3].map((turn) => turn & 3).find((turn) => ways[at] & (1 << turn)) ?? Math.log2(ways[at] & -ways[at]);
                ways[at] &= ~(1 << next);
                if (next !== way) ring.push([at % columns, Math.floor(at / columns)]);
                way = next;
                at += STEPS[way][0] + STEPS[way][1] * columns;
            } while (at !== start);
            rings.push(ring);
        }
    }
    return rings;
}

/** A closed line simplified: its first corner and the one farthest from it stay. */
function simplifiedRing(ring, slack) {
    const [[x, y]] = ring;
    const far = ring.reduce((best, [u, v], i) => (Math.hypot(u - x, v - y) > Math.hypot(ring[best][0] - x, ring[best][1] - y) ? i : best), 0);
    return [...simplified(ring.slice(0, far + 1), slack), ...simplified([...ring.slice(far), ring[0]], slack).slice(1, -1)];
}

function areaOf(ring) {
    let twice = 0;
    for (const [i, [x, y]] of ring.entries()) {
        const [u, v] = ring[(i + 1) % ring.length];
        twice += x * v - u * y;
    }
    return Math.abs(twice) / 2;
}
