import assert from "node:assert/strict";
import { test } from "node:test";
import { sayFirst, sayOnce, shorten } from "../src/refusals.mjs";

const failed = (name, sentence) => ({
    type: "custom_validation_failed", message: "Custom validation failed for node", details: `${name} - ${sentence}`, extra_info: { input_name: name },
}); // prettier-ignore
const missing = { type: "required_input_missing", message: "Required input is missing", details: "cameras", extra_info: { input_name: "cameras" } };

const answer = () => ({
    1: { class_type: "SpatiaClipWindow", errors: [missing, failed("first_frames", "a - b."), failed("later_frames", "a - b."), failed("later_frames", "c.")] },
    2: { class_type: "KSampler", errors: [failed("a", "b"), failed("b", "b")] },
});

test("each sentence of our nodes is left once, and is the message", () => {
    const errors = answer();
    shorten(errors);
    assert.deepEqual(errors[1].errors.map(({ message, details }) => [message, details]), [
        ["Required input is missing", "cameras"], ["a - b.", "first_frames"], ["c.", "later_frames"],
    ]); // prettier-ignore
    assert.equal(errors[2].errors.length, 2);
    shorten(undefined);
});

test("answers and refusals are shortened, and passed on", async () => {
    const refusal = Object.assign(new Error("refused"), { response: { node_errors: answer() } });
    for (const reply of [
        () => ({ prompt_id: "x", node_errors: answer() }),
        () => {
            throw refusal;
        },
    ]) {
        const api = { queuePrompt: async (number) => (assert.equal(number, 7), reply()) };
        sayOnce(api);
        const got = await api.queuePrompt(7).catch((error) => error.response);
        assert.equal(got.node_errors[1].errors.length, 3);
    }
});

test("what one of our nodes says when a run fails is shown, and no other's", () => {
    const [sent, shown] = [[], []];
    const api = { dispatchCustomEvent: (type, detail) => sent.push([type, detail?.exception_type]) };
    sayFirst(api, (...said) => shown.push(said));
    const ended = (exception_type) => ({ exception_type, node_type: "SpatiaVideo", exception_message: "a came, expected b; change c.\n" });
    for (const kind of ["custom_nodes.spatia.spatia_core.errors.SpatiaError", "RuntimeError"]) api.dispatchCustomEvent("execution_error", ended(kind));
    api.dispatchCustomEvent("status", null);
    assert.deepEqual(sent, [["execution_error", "SpatiaError"], ["execution_error", "RuntimeError"], ["status", undefined]]); // prettier-ignore
    assert.deepEqual(shown, [["SpatiaVideo", "a came, expected b; change c."]]);
});
