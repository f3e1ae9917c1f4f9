// The packages that js/ is built and checked with, in js/.build: as package-lock.json has them.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(fileURLToPath(import.meta.url));
export const packages = join(root, ".build");

export function install() {
    const lock = readFileSync(join(root, "package-lock.json"));
    const wanted = createHash("sha256").update(lock).digest("hex");
    const stamp = join(packages, "installed");
    if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
    rmSync(packages, { recursive: true, force: true });
    mkdirSync(packages, { recursive: true });
    for (const name of ["package.json", "package-lock.json"]) cpSync(join(root, name), join(packages, name));
    const done = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
        cwd: packages,
        stdio: "inherit",
        shell: process.platform === "win32",
    });
    if (done.status !== 0) throw new Error("npm ci failed");
    writeFileSync(stamp, wanted);
}
