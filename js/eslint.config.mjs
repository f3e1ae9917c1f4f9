// ESLint's recommended rules and a few more; layout is prettier's, types are tsc's.
import { createRequire } from "node:module";
import { join } from "node:path";
import { packages } from "./packages.mjs";

const require = createRequire(join(packages, "package.json"));
const js = require("@eslint/js");
const globals = require("globals");

export default [
    js.configs.recommended,
    {
        rules: {
            eqeqeq: ["error", "always", { null: "ignore" }],
            "no-unused-vars": ["error", { args: "after-used", argsIgnorePattern: "^_", ignoreRestSiblings: true }],
            "no-var": "error",
            "object-shorthand": "error",
            "prefer-const": ["error", { destructuring: "all" }],
            "no-implicit-globals": "error",
            "no-shadow": "error",
            "no-useless-concat": "error",
            "prefer-template": "error",
        },
    },
    { files: ["js/src/*.mjs"], languageOptions: { globals: { ...globals.browser, ...globals.worker } } },
    { files: ["js/*.mjs", "js/test/*.mjs"], languageOptions: { globals: globals.node } },
    // A browser test is a script of Node whose callbacks run in the page.
    {
        files: ["tests/browser/*.mjs"],
        languageOptions: { globals: { ...globals.node, ...globals.browser } },
        rules: { "no-shadow": "off" }, // what has the same name there lives elsewhere
    },
];
