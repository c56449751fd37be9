/** @file Builds the package into `dist`: programs by esbuild, in `types` declarations by TypeScript. */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundle } from "./bundle.js";

const repository = fileURLToPath(new URL("..", import.meta.url));

rmSync(`${repository}/dist`, { recursive: true, force: true });
await bundle("dist");
execFileSync("node_modules/.bin/tsc", ["-p", "tsconfig.build.json"], { cwd: repository, stdio: "inherit" });
