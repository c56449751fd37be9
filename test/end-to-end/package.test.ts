/** @file The packed package in an empty project: its command, its types, and the README's example as printed. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { discs, temporaryFolder } from "../support/command-line.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const project = temporaryFolder();
const packed = temporaryFolder();

const manifest = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as {
  version: string;
  bin: Record<string, string>;
  dependencies: Record<string, string>;
};

function run(command: string, ...words: string[]): string {
  return execFileSync(command, words, { cwd: project, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** Links an installed package of the repository into the project. */
function link(name: string): void {
  const to = join(project, "node_modules", name);
  mkdirSync(dirname(to), { recursive: true });
  symlinkSync(join(repository, "node_modules", name), to);
}

beforeAll(async () => {
  // What npm would download is linked, so that the test needs no network; what was not declared is not there.
  for (const name of Object.keys(manifest.dependencies)) link(name);
  for (const name of ["@types/node", "typescript"]) link(name);
  execFileSync("npm", ["run", "build"], { cwd: repository, stdio: "pipe" }); // .npmrc keeps npm pack from running scripts
  const words = ["pack", "--pack-destination", packed, "--silent"];
  const name = execFileSync("npm", words, { cwd: repository, encoding: "utf8" }).trim().split("\n").at(-1)!;
  const home = join(project, "node_modules", "strata-vae");
  mkdirSync(home, { recursive: true });
  run("tar", "-xzf", join(packed, name), "-C", home, "--strip-components=1");
  mkdirSync(join(project, "node_modules", ".bin"));
  symlinkSync(join(home, manifest.bin.strata), join(project, "node_modules", ".bin", "strata"));
  run("chmod", "+x", join(home, manifest.bin.strata)); // as npm does for a bin
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "empty", type: "module", private: true }));
  await discs(join(project, "photos"), ["all"], 40);
});

test("it holds what is needed to run, and nothing of the tests", () => {
  const home = join(project, "node_modules", "strata-vae");
  for (const file of ["README.md", "LICENSE", "dist/index.d.ts", "dist/cli/main.js"]) {
    expect(existsSync(join(home, file)), file).toBe(true);
  }
  for (const file of ["src", "test", "dist/cli/format.test.js"]) expect(existsSync(join(home, file)), file).toBe(false);
});

test("npx strata works", () => {
  expect(run("npx", "--no-install", "strata", "--version").trim()).toBe(manifest.version);
  expect(run("npx", "--no-install", "strata", "--help")).toContain("Usage: strata");
});

test("the README's example type-checks and runs as printed", () => {
  const readme = readFileSync(join(repository, "README.md"), "utf8");
  const example = /## The library\n\n```ts\n([\s\S]*?)```/.exec(readme)![1];
  expect(example.trim().split("\n").length).toBeLessThanOrEqual(10);
  writeFileSync(join(project, "example.ts"), example);
  const options = [
    "--strict",
    "--module",
    "nodenext",
    "--target",
    "es2023",
    "--types",
    "node",
    "--skipLibCheck",
    "--outDir",
    "built",
  ];
  run(process.execPath, "node_modules/typescript/bin/tsc", ...options, "example.ts");
  run(process.execPath, "built/example.js");
  expect(existsSync(join(project, "samples.png"))).toBe(true);
  expect(existsSync(join(project, "runs", "photos", "config.json"))).toBe(true);
});
