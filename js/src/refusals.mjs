// What our nodes refuse, said so that their sentence is what is read first: before a run, and in it.
//
// What the server refuses before a run, is said once. The host repeats a node's sentence for every widget that the node
// looked at, and puts "Custom validation failed for node" before it.
const CHECKED = "custom_validation_failed";

/**
 * Makes the answers of `api.queuePrompt` say each sentence of our nodes once, the sentence first; show(node type, sentence) says
 * it too, as later pages name no more than the widget.
 */
export function sayOnce(api, show = () => {}) {
    const queue = api.queuePrompt;
    api.queuePrompt = async function (...args) {
        try {
            const answer = await queue.apply(this, args);
            told(answer?.node_errors, show);
            return answer;
        } catch (error) {
            told(error?.response?.node_errors, show);
            throw error;
        }
    };
}

function told(nodeErrors, show) {
    shorten(nodeErrors);
    for (const { class_type, errors } of Object.values(nodeErrors ?? {})) {
        for (const { type, message } of errors) if (type === CHECKED && class_type?.startsWith("Spatia")) show(class_type, message);
    }
}

/** Changes {node id: {class_type, errors}} in place. */
export function shorten(nodeErrors) {
    for (const entry of Object.values(nodeErrors ?? {})) {
        if (!entry.class_type?.startsWith("Spatia")) continue;
        const said = new Set();
        entry.errors = entry.errors.filter((error) => {
            if (error.type !== CHECKED) return true;
            const name = error.extra_info?.input_name ?? "";
            const sentence = error.details.replace(`${name} - `, "");
            if (said.has(sentence)) return false;
            said.add(sentence);
            error.message = sentence;
            // The widget that the sentence is about, where it begins with one: the host names the first that the node looked at.
            error.details = /^(\w+):/.exec(sentence)?.[1] ?? name;
            if (error.extra_info) error.extra_info.input_name = error.details;
            return true;
        });
    }
}

const OURS = "SpatiaError";

/**
 * Of a run that one of our nodes ended, the page itself says no more than that the node failed: show(node type, sentence) says
 * why. The name of our class of errors, which the page puts before the sentence in its details, is shortened.
 */
export function sayFirst(api, show) {
    const dispatch = api.dispatchCustomEvent;
    api.dispatchCustomEvent = function (type, detail) {
        const ours = type === "execution_error" && detail?.exception_type?.split(".").at(-1) === OURS;
        if (ours) detail.exception_type = OURS;
        const answer = dispatch.apply(this, arguments);
        if (ours) show(detail.node_type, detail.exception_message.trim());
        return answer;
    };
}
