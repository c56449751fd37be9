/**
 * @file Builds the whole site into `site/.vitepress/dist`: the documentation, and in `play` a model to play with.
 *
 *     npm run site [-- RUN [RUN2]]
 *
 * RUN2 enlarges what RUN draws.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "./bundle.js";

const repository = fileURLToPath(new URL("..", import.meta.url));
const words = process.argv.slice(2);
const [run, superres] = words.length > 0 ? words : ["pretrained:glyphs32", "pretrained:glyphs64-superres"];

const node = (words: string[], env = {}) =>
  execFileSync(process.execPath, words, { cwd: repository, env: { ...process.env, ...env }, stdio: "inherit" });

await bundle("dist");
node(["site/build.mjs"], { STRATA_SITE_PLAY: "play" });
const larger = superres === undefined ? [] : ["--superres", superres];
const play = join("site", ".vitepress", "dist", "play");
node(["dist/cli.js", "export", run, "--format", "web", ...larger, "--out", play]);
