/**
 * @file Builds the whole site into `site/.vitepress/dist`: the documentation, and in `play` a model to play with.
 *
 *     npm run site [-- RUN]
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "./bundle.js";

const repository = fileURLToPath(new URL("..", import.meta.url));
const [run = "pretrained:glyphs32"] = process.argv.slice(2);

const node = (words: string[], env = {}) =>
  execFileSync(process.execPath, words, { cwd: repository, env: { ...process.env, ...env }, stdio: "inherit" });

await bundle("dist");
node(["site/build.mjs"], { STRATA_SITE_PLAY: "play" });
node(["dist/cli.js", "export", run, "--format", "web", "--out", join("site", ".vitepress", "dist", "play")]);
