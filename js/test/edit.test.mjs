import assert from "node:assert/strict";
import { test } from "node:test";
import { Replay, pivotOf } from "../src/edit_cloud.mjs";
import { combine, formatEdits, opposite, ownEdit, parseEdits, polygonOf, shapesOf, simplified, strokesOf, apartFrom } from "../src/edit_list.mjs";
import { boundsOf, countOf, degreesOfRotation, rotationOfDegrees, select, sizeOf } from "../src/edit_select.mjs";
import { displayed, lassoSize, pickPoint } from "../src/edit_view.mjs";
import { IDENTITY } from "../src/matrix.mjs";
import { decodePoints, worldPositions } from "../src/points.mjs";
import { visiblePoints } from "../src/visibility.mjs";
import { cleanUp, nodePart } from "../src/node_edits.mjs";
import { bytes, difference, vectors } from "./vectors.mjs";

const { facts, mask, selections, lists, fills } = vectors.edits;

function sent(name) {
    const decoded = decodePoints(bytes(`${name}.bin`));
    return { positions: worldPositions(decoded), colors: decoded.colors, views: new Int32Array(bytes(`${name}_views.bin`)) };
}

const room = sent("room");
const scene = {
    ...facts,
    mask: { height: mask.length, width: mask[0].length, data: Uint8Array.from(mask.flat()) },
    other: sent("other"),
    files: { "part.ply": sent("other") },
};

for (const { selection, points } of selections) {
    test(`selected as in Python: ${JSON.stringify(selection)}`, () => {
        const picked = [...select(room, selection, scene).entries()].filter(([, flag]) => flag).map(([p]) => p);
        assert.deepEqual(picked, points);
    });
}

for (const { name, edits, counts, positions, colors, views } of lists) {
    test(`edited as in Python: ${name}`, () => {
        const { cloud, ...result } = new Replay(room, scene).run(edits);
        assert.deepEqual(result.counts, counts);
        assert.ok(result.failures.every((failure) => failure === null));
        assert.equal(sizeOf(cloud), views.length);
        assert.ok(difference([...cloud.positions], positions) < 1e-6);
        assert.deepEqual([...cloud.colors], colors);
        assert.deepEqual([...cloud.views], views);
    });
}

/** Share of the points of one list within `reach` of a point of the other, their colours within `shades`. */
function agreement(a, b, reach, shades) {
    const cells = new Map();
    const key = (x, y, z) => `${x},${y},${z}`;
    const cell = (list, o) => [0, 1, 2].map((axis) => Math.floor(list.positions[o + axis] / reach));
    for (let o = 0; o < b.positions.length; o += 3) {
        const name = key(...cell(b, o));
        cells.set(name, [...(cells.get(name) ?? []), o]);
    }
    let found = 0;
    for (let o = 0; o < a.positions.length; o += 3) {
        const [x, y, z] = cell(a, o);
        const near = Array.from(
            { length: 27 },
            (_, k) => cells.get(key(x + (k % 3) - 1, y + (Math.floor(k / 3) % 3) - 1, z + Math.floor(k / 9) - 1)) ?? [],
        ).flat();
        const fits = (p) =>
            Math.hypot(...[0, 1, 2].map((axis) => a.positions[o + axis] - b.positions[p + axis])) <= reach &&
            [0, 1, 2].every((c) => Math.abs(a.colors[o + c] - b.colors[p + c]) <= shades);
        if (near.some(fits)) found++;
    }
    return found / (a.positions.length / 3);
}

// The two add in orders of their own: a few points may fall on the other side of an outline or a voxel.
for (const { name, edits, counts, positions, colors } of fills) {
    test(`filled as in Python: ${name}`, () => {
        const base = sent("furnished");
        const { cloud, ...result } = new Replay(base, { ...scene, mask: null }).run(edits, { current: edits.length - 1 });
        assert.deepEqual(result.failures, edits.map(() => null)); // prettier-ignore
        assert.deepEqual(result.counts, counts);
        const kept = 3 * (sizeOf(base) - counts.at(-1));
        const python = { positions: positions.slice(kept), colors: colors.slice(kept) };
        const page = { positions: cloud.positions.slice(kept), colors: cloud.colors.slice(kept) };
        assert.ok(python.positions.length > 600, `${python.positions.length / 3} points`);
        assert.ok(Math.abs(page.positions.length / python.positions.length - 1) < 0.005, `${page.positions.length} against ${python.positions.length}`);
        assert.ok(agreement(page, python, 0.1 * facts.voxel, 2) > 0.99);
        assert.ok(agreement(python, page, 0.1 * facts.voxel, 2) > 0.99);
        assert.ok(cloud.views.slice(kept / 3).every((view) => view === -1) && cloud.marks.slice(kept / 3).every((mark) => mark === 1));
    });
}

test("a replay that kept what came before gives the same", () => {
    const { edits } = lists[1];
    const kept = new Replay(room, scene);
    for (const z of [0.1, 0.5, 1.5]) {
        const moved = edits.map((edit, i) => (i === 2 ? { ...edit, move: [0, 0, z] } : edit));
        const options = { current: 2, selection: { shape: "sphere", center: [0, 0, z], radius: 0.6 } };
        const [again, fresh] = [kept.run(moved, options), new Replay(room, scene).run(moved, options)];
        assert.deepEqual(again.counts, fresh.counts);
        assert.deepEqual([...again.cloud.positions], [...fresh.cloud.positions]);
        assert.deepEqual([...again.selected], [...fresh.selected]);
        assert.equal(countOf(again.cloud.marks), 150);
        assert.ok(difference(pivotOf(edits[2], again.bounds), [0.5, 0.5, 0.5]) < 0.02);
    }
    // Another order is another scene, and the first list again the first result.
    const turned = kept.run([...edits].reverse(), { current: 1 });
    assert.deepEqual([...turned.cloud.positions], [...new Replay(room, scene).run([...edits].reverse()).cloud.positions]);
    assert.ok(difference([...kept.run(edits).cloud.positions], lists[1].positions) < 1e-6);
});

test("what fails is told and left out", () => {
    const { counts, failures, cloud } = new Replay(room, { ...scene, other: null, mask: null }).run([
        { do: "merge" }, { do: "merge", file: "gone.ply" }, { do: "remove", select: { shape: "mask" } }, { do: "merge", off: true },
    ]); // prettier-ignore
    assert.deepEqual(counts, [null, null, null, null]);
    assert.deepEqual(failures, ["not_connected", "not_loaded", "no mask is connected", null]);
    assert.equal(sizeOf(cloud), sizeOf(room));
});

test("angles of a rotation", () => {
    for (const degrees of [
        [0, 0, 0],
        [10, 70, -130],
        [-179, -89, 4],
        [0, 90, 33],
        [0, -90, -140],
        [120, 15, 88],
    ]) {
        const R = rotationOfDegrees(degrees);
        assert.ok(difference(rotationOfDegrees(degreesOfRotation(R)), R) < 1e-9, `${degrees}`);
    }
});

test("selections drawn one after the other are one", () => {
    const [a, b, c] = [{ shape: "sphere" }, { shape: "box", invert: true }, { shape: "cluster", at: [0, 0, 0], distance: 1 }];
    assert.equal(combine([]), null);
    assert.deepEqual(combine([{ mode: "add", shape: a }]), a);
    assert.deepEqual(
        combine([
            { mode: "new", shape: a },
            { mode: "new", shape: b },
        ]),
        b,
    );
    assert.deepEqual(combine([{ mode: "subtract", shape: b }]), { shape: "box" });
    const added = [
        { mode: "new", shape: a },
        { mode: "add", shape: b },
        { mode: "add", shape: c },
    ];
    assert.deepEqual(combine(added), { shape: "union", of: [a, b, c] });
    assert.deepEqual(combine([...added, { mode: "subtract", shape: a }]).of[1], opposite(a));
    assert.deepEqual(
        combine([
            { mode: "new", shape: a },
            { mode: "intersect", shape: c },
        ]),
        { ...c, within: a },
    );
    assert.deepEqual(shapesOf(combine([...added, { mode: "intersect", shape: c }])), ["cluster", "sphere", "box"]);
    const outside = { ...c, invert: true };
    assert.deepEqual(combine([added[0], { mode: "intersect", shape: outside }]), { shape: "union", of: [outside], within: a });
});

test("what is away is neither taken nor in the way, and each thing is put away once", () => {
    const [a, b, c] = [
        {
            shape: "lasso",
            points: [
                [0.2, 0.2],
                [0.8, 0.2],
                [0.5, 0.8],
            ],
            frame: 0,
        },
        { shape: "lasso", points: [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]], frame: 0 }, // prettier-ignore
        { shape: "sphere", center: [0.1, 0.3, 1.9], radius: 0.4, invert: true },
    ];
    assert.equal(apartFrom([a], null), null);
    assert.equal(apartFrom([], a), a);
    const flags = (shape) => [...select(room, shape, scene)];
    const [gone, next] = [flags(a), flags(apartFrom([a], b))];
    assert.ok(next.some((flag) => flag) && next.every((flag, p) => !(flag && gone[p])));
    // Of what the first hides, the second takes the points.
    assert.ok(next.filter((flag, p) => flag && !flags(b)[p]).length > 10);
    assert.deepEqual(flags({ shape: "sequence", of: [a, b] }), gone.map((flag, p) => flag | next[p])); // prettier-ignore
    const rest = flags(apartFrom([a, b], c));
    assert.ok(rest.some((flag) => flag) && rest.every((flag, p) => !(flag && (gone[p] || next[p]))));
    // The selection grows with what was put away, not faster.
    const twenty = JSON.stringify(apartFrom(Array(20).fill(a), b)).length;
    assert.ok(twenty < 25 * JSON.stringify(a).length);
    assert.deepEqual(shapesOf(apartFrom([a], c)), ["sphere"]);
});

test("a painted line keeps few points and is cut where the surface jumps", () => {
    const dabs = Array.from({ length: 200 }, (_, i) => [0.01 * i, Math.sin(0.05 * i) * 0.3, 2]);
    const stroke = strokesOf(dabs, 0.1);
    assert.ok(stroke.shape === "stroke" && stroke.points.length < 20 && stroke.radius === 0.1);
    assert.deepEqual([stroke.points[0], stroke.points.at(-1)], [dabs[0], dabs.at(-1)].map((at) => at.map((v) => Number(v.toPrecision(7))))); // prettier-ignore
    assert.ok(dabs.every((at) => select({ positions: Float32Array.from(at), colors: new Uint8Array(3), views: new Int32Array(1) }, { ...stroke, radius: 0.0101 }, scene)[0])); // prettier-ignore
    const cut = strokesOf([[0, 0, 1], [0.1, 0, 1], [0.2, 0, 3], [0.3, 0, 3]], 0.1); // prettier-ignore
    assert.deepEqual(cut.of.map(({ points }) => points.length), [2, 2]); // prettier-ignore
    assert.deepEqual(strokesOf([[1, 2, 3]], 0.5), { shape: "stroke", points: [[1, 2, 3]], radius: 0.5 });
    assert.equal(strokesOf([], 0.5), null);
    assert.deepEqual(simplified([[0, 0], [1, 0.01], [2, 0]], 0.1), [[0, 0], [2, 0]]); // prettier-ignore
});

test("the list as text", () => {
    const { edits } = lists[0];
    assert.deepEqual(parseEdits(formatEdits(edits)), edits);
    assert.deepEqual(parseEdits(" "), []);
    assert.equal(formatEdits([]), "");
    assert.deepEqual(parseEdits('{"do": "merge"}'), [{ do: "merge" }]);
    for (const text of ["[", "[1]", '[{"do": "explode"}]', "null", '{"select": {}}']) assert.throws(() => parseEdits(text), text);
});

test("the edit of the node's own widgets", () => {
    assert.equal(
        ownEdit((name) => ({ operation: "none" })[name]),
        null,
    );
    const values = {
        operation: "recolor",
        "operation.color": "#112233",
        "operation.mode": "tint",
        "operation.strength": 1,
        select: "sphere",
        "select.radius": 2,
        invert: true,
    };
    for (const axis of ["x", "y", "z"]) values[`select.center_${axis}`] = 1;
    assert.deepEqual(ownEdit((name) => values[name]), {
        do: "recolor", select: { shape: "sphere", center: [1, 1, 1], radius: 2, invert: true }, color: "#112233", mode: "tint", strength: 1,
    }); // prettier-ignore
});

test("a drawn line as a polygon of the picture", () => {
    const area = { left: 100, top: 50, width: 400, height: 200 };
    assert.deepEqual(polygonOf([[100, 50], [101, 50], [300, 50], [300, 150]], area), [[0, 0], [0.5, 0], [0.5, 0.5]]); // prettier-ignore
});

test("the picked point is the front one under the mouse, else the nearest", () => {
    const camera = { w2c: [...IDENTITY], intrinsics: [1, 1, 0.5, 0.5] };
    const cloud = { positions: Float32Array.from([0, 0, 4, 0, 0, 2, 0.2, 0, 2, 0, 0, -1]), colors: Uint8Array.from([1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]) };
    assert.deepEqual(pickPoint(cloud, camera, 100, 100, 51, 50), { at: [0, 0, 2], color: [2, 2, 2], z: 2 });
    assert.deepEqual(pickPoint(cloud, camera, 100, 100, 66, 50).color, [3, 3, 3]);
    assert.equal(pickPoint(cloud, camera, 100, 100, 90, 90), null);
});

test("a lasso's picture is so coarse that the surface has no holes", () => {
    const camera = { w2c: [...IDENTITY], intrinsics: [0.8, 1.2, 0.5, 0.5], size: [1500, 1000] };
    const size = lassoSize(room.positions, new Uint8Array(sizeOf(room)).fill(1), camera, 0.03);
    assert.ok(Math.abs(size[0] / size[1] - 1.5) < 0.02 && size[0] >= 64 && size[0] <= 1024);
    assert.deepEqual(lassoSize(room.positions, new Uint8Array(sizeOf(room)), camera, 0.03), [1024, 683]);
    assert.deepEqual(lassoSize(room.positions, new Uint8Array(sizeOf(room)).fill(1), camera, 100), [64, 43]);
});

test("what is shown is the cloud: its points once, then what became of each", () => {
    const replay = new Replay(room, scene);
    const step = (shown) => Math.max(...shown.high.map((high, axis) => high - shown.low[axis])) / 65535;
    const all = displayed(replay.base, null, 9999);
    assert.ok(difference([...worldPositions(all)], [...room.positions]) < step(all) && all.total === 9999 && all.count === sizeOf(room));
    assert.deepEqual([...all.colors], [...room.colors]);
    const { low, high } = boundsOf(room.positions);
    assert.deepEqual([all.low, all.high], [low, high]);
    assert.ok(all.states.every((state) => state === 0));

    const chosen = new Uint8Array(sizeOf(room));
    chosen[7] = 1;
    const { positions, colors, states } = displayed(replay.base, chosen, 1, replay.base.sheet);
    assert.deepEqual([positions, colors], [undefined, undefined]);
    assert.deepEqual([...states.keys()].filter((p) => states[p]), [7]); // prettier-ignore
    assert.equal(states[7], 1);
});

/** What a screen shows that keeps what it was sent: the points that are not gone, their colours and states. */
function screened() {
    const held = {};
    return (cloud, selected = null) => {
        Object.assign(held, displayed(cloud, selected, 1, held.sheet), { sheet: cloud.sheet });
        const world = worldPositions({ ...held, count: held.states.length });
        const left = [...held.states.keys()].filter((p) => held.states[p] !== 3);
        const of = (values) => left.flatMap((p) => [...values.subarray(3 * p, 3 * p + 3)]);
        assert.equal(held.count, left.length);
        return { positions: of(world), colors: of(held.colors), states: left.map((p) => held.states[p]) };
    };
}

test("a screen that is sent only what changed shows the same as one that is sent everything", () => {
    const ball = { shape: "sphere", center: [0.1, 0.3, 1.9], radius: 0.4 };
    const floor = { shape: "plane", point: [0, 1.03, 1.8], normal: [0, 1, 0], distance: 0.04 };
    const removed = [{ do: "remove", select: ball }, { do: "remove", select: floor }]; // prettier-ignore
    const painted = { do: "recolor", select: { shape: "box", center: [0, 0, 3], size: [1, 1, 1] }, color: "#20c040" };
    const moved = { do: "transform", select: painted.select, move: [0, 0, 0.5] };
    const copied = { do: "duplicate", select: floor, offset: [0, 0.5, 0] };
    const walk = [
        [[]], [removed.slice(0, 1)], [removed], [[], ball], [removed, floor], [[...removed, painted], ball], [[removed[0], painted]], [[...removed, moved]],
        [[copied]], [[copied, removed[0]], { shape: "all" }], [[{ do: "remove" }]], [[]], [[{ ...copied, off: true }, removed[1]]],
    ]; // prettier-ignore
    const [replay, screen] = [new Replay(room, scene), screened()];
    for (const [edits, selection = null] of walk) {
        const { cloud, selected } = replay.run(edits, { selection, current: edits.length - 1 });
        const shown = screen(cloud, selected);
        assert.deepEqual(shown, screened()(cloud, selected));
        assert.equal(shown.states.length, sizeOf(cloud));
        assert.ok(difference(shown.positions, [...cloud.positions]) < 1e-3);
        assert.deepEqual(shown.colors, [...cloud.colors]);
        for (const [p, state] of shown.states.entries()) assert.equal(state, selected?.[p] ? 1 : cloud.marks[p] ? 2 : 0);
    }
    // A removal alone sends nothing but states.
    const { cloud } = replay.run(removed);
    assert.deepEqual(Object.keys(displayed(cloud, null, 1, replay.base.sheet)), ["count", "total", "states"]);
});

test("points that lie in front are the same when only some are asked about", () => {
    const camera = { w2c: [...IDENTITY], intrinsics: [0.8, 1.2, 0.48, 0.53] };
    const all = visiblePoints(room.positions, camera, facts.width, facts.height, facts.voxel);
    for (const [name, value] of Object.entries({ ball: [0.1, 0.3, 1.9], corner: [-2, 1, 3], behind: [0, 0, -9] })) {
        const wanted = select(room, { shape: "sphere", center: value, radius: 0.5 }, scene);
        const seen = visiblePoints(room.positions, camera, facts.width, facts.height, facts.voxel, wanted);
        assert.deepEqual([...seen], [...all].map((flag, p) => flag & wanted[p]), name); // prettier-ignore
    }
});

test("what only the node does stays in the list, and the rest is shown without it", () => {
    const ball = { shape: "sphere", center: [0.1, 0.3, 1.9], radius: 0.4 };
    const tidy = ["outliers", "sparse", "dbscan"].flatMap((shape) => [cleanUp(shape, 0.1, null), cleanUp(shape, 0.1, ball)]);
    const edits = [...tidy, { do: "remove", select: ball }, { do: "recolor", select: { shape: "ransac_plane", distance: 1 }, color: "#000000" }];
    assert.deepEqual(parseEdits(formatEdits(edits)), edits);
    const { cloud, failures, counts } = new Replay(room, scene).run(edits);
    assert.deepEqual(failures, [...tidy.map(() => "not_in_page"), null, "not_in_page"]);
    assert.ok(counts[6] > 0 && sizeOf(cloud) === sizeOf(room) - counts[6]);
    for (const edit of tidy) assert.equal(nodePart(edit.select).shape in { outliers: 1, sparse: 1, dbscan: 1 }, true);
    assert.equal(nodePart({ ...ball, within: { shape: "all" } }), null);
});

test("keeping the largest cluster of a selection takes nothing outside it", () => {
    const ball = { shape: "sphere", center: [0, 0, 0], radius: 1 };
    const { select: taken } = cleanUp("dbscan", 0.1, ball);
    assert.equal(taken.shape, "intersection");
    assert.deepEqual(taken.of, [ball, { shape: "dbscan", distance: 0.1, neighbours: 10, within: ball, invert: true }]);
});

test("a cloud that is to be registered is shown as it is placed", () => {
    const { failures, counts } = new Replay(room, scene).run([{ do: "merge", register: 0.2 }, { do: "merge" }]);
    assert.deepEqual(failures, ["not_registered", null]);
    assert.equal(counts[0], counts[1]);
});

test("the widgets' own edits of Open3D", () => {
    const widgets = (values) => ownEdit((name) => values[name]);
    const cluster = { operation: "remove", select: "largest cluster", "select.reach": 0.1, "select.neighbours": 7, invert: true };
    assert.deepEqual(widgets(cluster), { do: "remove", select: { shape: "dbscan", distance: 0.1, neighbours: 7, invert: true } });
    const stray = { operation: "remove", select: "outliers", "select.neighbours": 9, "select.deviations": 3 };
    assert.deepEqual(widgets(stray).select, { shape: "outliers", neighbours: 9, deviations: 3 });
    const placed = Object.fromEntries(["move", "rotate"].flatMap((name) => ["x", "y", "z"].map((axis) => [`operation.${name}_${axis}`, 0])));
    const registered = widgets({ ...placed, operation: "register", "operation.scale": 1, "operation.reach": 0.5 });
    assert.deepEqual(registered, { do: "merge", move: [0, 0, 0], rotate: [0, 0, 0], scale: 1, register: 0.5 });
});
