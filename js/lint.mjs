// Checks the page's sources and its tests: prettier (layout), ESLint (rules), tsc (the types that JSDoc says).
//   node js/lint.mjs           what is wrong; fails if anything is
//   node js/lint.mjs --write   lays the files out first
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { install, packages, root } from "./packages.mjs";

const SOURCES = ["js/*.mjs", "js/src/*.mjs", "js/test/*.mjs", "tests/browser/*.mjs"];
const tools = {
    prettier: [
        join(packages, "node_modules/prettier/bin/prettier.cjs"),
        process.argv.includes("--write") ? "--write" : "--check",
        "--log-level=warn",
        "--config=js/.prettierrc.json",
        ...SOURCES,
    ],
    eslint: [join(packages, "node_modules/eslint/bin/eslint.js"), "--config=js/eslint.config.mjs", "--max-warnings=0", ...SOURCES],
    tsc: [join(packages, "node_modules/typescript/bin/tsc"), "--project", "js/tsconfig.json"],
};

install();
for (const [name, command] of Object.entries(tools)) {
    const { status, error } = spawnSync(process.execPath, command, { cwd: join(root, ".."), stdio: "inherit" });
    if (error) throw error;
    console.log(`${name}: ${status ? "see above" : "nothing to say"}`);
    if (status) process.exitCode = 1;
}
