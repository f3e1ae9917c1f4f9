import assert from "node:assert/strict";
import { test } from "node:test";
import { IDENTITY } from "../src/matrix.mjs";
import { keyframe, keyframePath } from "../src/path.mjs";
import { evenSpans, evened, paced, segmentAt, speedsOf } from "../src/speed.mjs";

const START = { w2c: [...IDENTITY], intrinsics: [0.9, 1.2, 0.5, 0.5] };
const WORLD = { units: "scene", start: START, depth: 2 };
const keys = (...rows) => [keyframe({ frame: 0 }), ...rows.map((row) => keyframe(row))];
const draw = (keyframes) => keyframePath("scene", keyframes, START, keyframes.at(-1).frame + 1, 2);
const sum = (values) => values.reduce((total, v) => total + v, 0);

function unevenness(keyframes) {
    const { moves } = speedsOf(draw(keyframes));
    const moving = moves.slice(1).filter((v) => v > 1e-9);
    return Math.max(...moving) / Math.min(...moving);
}

test("speed is distance and turning per frame", () => {
    const { moves, turns, mean, meanTurn } = speedsOf(draw(keys({ frame: 10, right: 2, yaw: 30 })));
    assert.equal(moves.length, 11);
    assert.equal(moves[0] + turns[0], 0);
    for (const move of moves.slice(1)) assert.ok(Math.abs(move - 0.2) < 1e-9);
    for (const turn of turns.slice(1)) assert.ok(Math.abs(turn - 3) < 1e-9);
    assert.ok(Math.abs(mean - 0.2) < 1e-9 && Math.abs(meanTurn - 3) < 1e-9);
    assert.deepEqual(speedsOf([START]), { moves: [0], turns: [0], mean: 0, meanTurn: 0 });
});

test("a frame belongs to the way that ends behind it", () => {
    assert.deepEqual([0, 1, 10, 11, 30, 31].map((frame) => segmentAt([0, 10, 30], frame)), [1, 1, 1, 2, 2, -1]); // prettier-ignore
    assert.equal(segmentAt([0], 0), -1);
});

test("a slower part pushes what comes after it, and the path grows with it", () => {
    const made = paced(keys({ frame: 10 }, { frame: 20 }, { frame: 40 }), 2, 25, 50, 10000);
    assert.deepEqual([made.keyframes.map((key) => key.frame), made.frames], [[0, 10, 35, 55], 65]);
    const faster = paced(made.keyframes, 2, 0.2, made.frames, 10000);
    assert.deepEqual([faster.keyframes.map((key) => key.frame), faster.frames], [[0, 10, 11, 31], 41]);
    assert.equal(paced(made.keyframes, 1, 1e6, made.frames, 100).frames, 100);
});

test("whole frames are shared by length, one at least, resting parts as they are", () => {
    assert.deepEqual(evenSpans([1, 2, 1], [10, 10, 20]), [10, 20, 10]);
    assert.deepEqual(evenSpans([1, 0, 3], [10, 7, 10]), [5, 7, 15]);
    assert.deepEqual(evenSpans([1e-3, 1, 1], [5, 5, 5]), [1, 7, 7]);
    assert.deepEqual(evenSpans([0, 0], [3, 4]), [3, 4]);
    for (let seed = 1; seed < 200; seed++) {
        const lengths = Array.from({ length: 1 + (seed % 7) }, (_, i) => ((seed * (i + 3) * 7919) % 101) / 10);
        const spans = lengths.map((_, i) => 1 + ((seed * (i + 1) * 31) % 23));
        const even = evenSpans(lengths, spans);
        assert.equal(sum(even), sum(spans));
        assert.ok(even.every((span) => span >= 1 && Number.isInteger(span)));
        // No frame taken from one part and given to another makes the fastest part slower.
        const fastest = (given) => Math.max(...given.map((span, i) => lengths[i] / span));
        for (const a of even.keys()) {
            for (const b of even.keys()) {
                if (a === b || even[a] < 2 || !lengths[a] || !lengths[b]) continue;
                const other = even.map((span, i) => span - (i === a) + (i === b));
                assert.ok(fastest(other) >= fastest(even) - 1e-9, `${lengths} ${spans}: ${even}`);
            }
        }
    }
});

test("on a straight way the speed becomes one", () => {
    const made = evened(keys({ frame: 30, right: 1, easing: "smooth" }, { frame: 40, right: 3 }, { frame: 80, right: 4, easing: "ease_in" }), 0, 3, WORLD);
    assert.deepEqual(made.map((key) => key.frame), [0, 20, 60, 80]); // prettier-ignore
    assert.ok(unevenness(made) < 1.001);
    assert.ok(made.every((key) => key.easing === "linear"));
});

test("on a bent way it becomes as even as can be; never less even", () => {
    const bent = keys({ frame: 10, right: 1, up: 0.5 }, { frame: 50, right: 1.2, forward: 2 }, { frame: 70, right: -1, forward: 2.5, up: 1 }, { frame: 120, forward: 5 }); // prettier-ignore
    const made = evened(bent, 0, 4, WORLD);
    assert.equal(made.at(-1).frame, 120);
    assert.ok(unevenness(made) < 0.6 * unevenness(bent), `${unevenness(bent)} to ${unevenness(made)}`);
    assert.deepEqual(evened(made, 0, 4, WORLD), made);
});

test("only what is between the chosen keyframes changes", () => {
    const all = keys({ frame: 10, right: 1 }, { frame: 12, right: 2 }, { frame: 40, right: 3 }, { frame: 90, right: 9, easing: "smooth" });
    const made = evened(all, 1, 3, WORLD);
    assert.deepEqual([0, 1, 3, 4].map((i) => made[i].frame), [0, 10, 40, 90]); // prettier-ignore
    assert.equal(made[4].easing, "smooth");
    assert.ok(Math.abs(made[2].frame - 25) <= 1);
});

test("a camera that only turns is evened by its turning; one that does nothing stays", () => {
    const made = evened(keys({ frame: 10, yaw: 60 }, { frame: 60, yaw: 120 }), 0, 2, WORLD);
    assert.deepEqual(made.map((key) => key.frame), [0, 30, 60]); // prettier-ignore
    const still = keys({ frame: 10 }, { frame: 15 });
    assert.deepEqual(evened(still, 0, 2, WORLD).map((key) => key.frame), [0, 10, 15]); // prettier-ignore
});
