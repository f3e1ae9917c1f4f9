// Builds js/dist from js/src:   node js/build.mjs            write the bundles
//                               node js/build.mjs --check    fail unless the committed ones are what this would write
//
// ComfyUI imports every *.js below its web folder (this one) as an extension, except in folders whose name starts
// with a dot. Hence: sources and lazily loaded bundles end in .mjs, packages live in js/.build, and dist/spatia.js,
// the small entry, is the only .js. It loads the large editors when one is opened.
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { install, packages, root } from "./packages.mjs";

const dist = join(root, "dist");

async function build(target) {
    const esbuild = createRequire(join(packages, "package.json"))("esbuild");
    const options = {
        absWorkingDir: root,
        bundle: true,
        format: "esm",
        target: "es2022",
        charset: "utf8",
        legalComments: "eof",
        // Names stay readable: the bundle is reviewed in the registry.
        minifyWhitespace: true,
        minifySyntax: true,
        nodePaths: [join(packages, "node_modules")],
        logLevel: "warning",
    };
    const entries = {
        "extension.mjs": "spatia.js",
        "editors.mjs": "spatia-editors.mjs",
        "worker.mjs": "spatia-worker.mjs",
        "edit_worker.mjs": "spatia-edit-worker.mjs",
    };
    for (const [source, name] of Object.entries(entries)) {
        await esbuild.build({
            ...options,
            entryPoints: [join("src", source)],
            outfile: join(target, name),
            // The host serves its own modules; the editors are a bundle of their own.
            external: ["../../../scripts/*", "./spatia-editors.mjs"],
        });
    }
    return Object.values(entries);
}

install();
if (process.argv.includes("--check")) {
    const fresh = mkdtempSync(join(tmpdir(), "spatia-build-"));
    try {
        const names = await build(fresh);
        const stray = readdirSync(dist).filter((name) => !names.includes(name));
        const changed = names.filter((name) => !existsSync(join(dist, name)) || !readFileSync(join(dist, name)).equals(readFileSync(join(fresh, name))));
        for (const name of changed) console.error(`js/dist/${name} is not what js/src builds: run node js/build.mjs and commit it`);
        for (const name of stray) console.error(`js/dist/${name} is built by nothing: remove it`);
        process.exitCode = changed.length || stray.length ? 1 : 0;
    } finally {
        rmSync(fresh, { recursive: true, force: true });
    }
} else {
    rmSync(dist, { recursive: true, force: true });
    await build(dist);
}
