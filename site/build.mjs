/** @file Builds the documentation site into `.vitepress/dist`, or with `--serve` shows it while you write. Installs what it needs. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const cwd = fileURLToPath(new URL(".", import.meta.url));

function run(command, ...words) {
  // npm is a script on Windows, which only a shell starts.
  const shell = command === "npm" && process.platform === "win32";
  const { status } = spawnSync(command, words, { cwd, shell, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(new URL("node_modules", import.meta.url))) run("npm", "ci");
run(process.execPath, "api.mjs");
run(process.execPath, "node_modules/vitepress/bin/vitepress.js", process.argv.includes("--serve") ? "dev" : "build");
