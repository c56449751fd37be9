/** @file The packed package in an empty project: its commands, its types, the README's example and the programs in docs as printed. Needs no network. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { build } from "esbuild";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { beforeAll, expect, test } from "vitest";
import { discs, temporaryFolder } from "../support/command-line.js";
import { checkingLibraries, pack, repository, usesTypes } from "../support/packed.js";
import { tinyConfig } from "../support/tiny.js";

const project = temporaryFolder();
let tarball: string;

const manifest = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as {
  version: string;
  bin: Record<string, string>;
  dependencies: Record<string, string>;
};

function run(command: string, ...words: string[]): string {
  return execFileSync(command, words, { cwd: project, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** What TypeScript complains about. */
function tsc(...words: string[]): string {
  return spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", ...words], { cwd: project, encoding: "utf8" })
    .stdout;
}

const node = (...words: string[]) => run(process.execPath, ...words);

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
  const home = join(project, "node_modules", "strata-vae");
  mkdirSync(home, { recursive: true });
  tarball = pack(temporaryFolder());
  run("tar", "-xzf", tarball, "-C", home, "--strip-components=1");
  mkdirSync(join(project, "node_modules", ".bin"));
  for (const [name, path] of Object.entries(manifest.bin)) {
    symlinkSync(join(home, path), join(project, "node_modules", ".bin", name));
    run("chmod", "+x", join(home, path)); // as npm does for a bin
  }
  run("npm", "init", "--yes");
  await discs(join(project, "photos"), ["all"], 40);
});

test("publint has no errors, warnings or suggestions", async () => {
  const { buffer } = new Uint8Array(readFileSync(tarball));
  const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true });
  expect(messages.map((message) => formatMessage(message, pkg!, { color: false }))).toEqual([]);
});

test("Are the Types Wrong finds that every entry point has types wherever it can be imported", async () => {
  const result = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(tarball))));
  if (!result.types) throw new Error("The package has no types.");
  const problems = result.problems.filter(
    (problem) =>
      // Node has required ES modules since 20.19, which TypeScript knows as `nodenext`; the tool's Node 16 had not.
      problem.kind !== "CJSResolvesToESM" &&
      // TypeScript's old resolution (`node10`) reads no `exports`: docs/installing.md leaves it out.
      !("resolutionKind" in problem && problem.resolutionKind === "node10"),
  );
  expect(problems).toEqual([]);
});

test("it holds what is needed to run, and nothing of the tests", () => {
  const home = join(project, "node_modules", "strata-vae");
  for (const file of ["README.md", "LICENSE", "dist/types/index.d.ts", "dist/cli.js", "datasets/glyphs/glyphs.zip"]) {
    expect(existsSync(join(home, file)), file).toBe(true);
  }
  for (const file of ["test", "site", "dist/types/version.test.d.ts"])
    expect(existsSync(join(home, file)), file).toBe(false);
});

test("it holds every page and picture that its README links to, and those that these pages link to in docs", () => {
  const home = join(project, "node_modules", "strata-vae");
  const documents = ["README.md", ...readdirSync(join(home, "docs")).map((name) => `docs/${name}`)];
  const links = documents
    .filter((file) => file.endsWith(".md"))
    .flatMap((file) => {
      const text = readFileSync(join(home, file), "utf8").replace(/^```.*?^```/gms, ""); // links, not programs
      const targets = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, target]) => target);
      return targets.filter((target) => !/^[a-z]+:/.test(target)).map((target) => join(dirname(file), target));
    })
    // The map of the paper leads into the sources.
    .filter((path) => !path.startsWith("src/") || path === "src/config/presets");
  expect(links.length).toBeGreaterThan(40);
  expect(links.filter((path) => !existsSync(join(home, path)))).toEqual([]);
});

test("npx strata and npx strata-vae work, and help is for the one that was called", () => {
  expect(run("npx", "--no-install", "strata", "--version").trim()).toBe(manifest.version);
  expect(run("npx", "--no-install", "strata-vae", "sample", "--help")).toContain(
    "Example:\n  npx strata-vae sample --run",
  );
});

test("the README's example type-checks and runs after npm init and tsc --init, as printed but for the steps and the model's size", () => {
  const readme = readFileSync(join(repository, "README.md"), "utf8");
  const [, name, example] = /```ts\n\/\/ (\w+\.mts)\n([\s\S]*?)```/.exec(readme)!;
  expect(example).toContain("steps: 100");
  expect(example.trim().split("\n").length).toBeLessThanOrEqual(10);
  writeFileSync(join(project, name), example);
  expect(tsc("--init")).toContain("Created");
  expect(tsc()).toBe("");
  const program = readFileSync(join(project, name.replace(".mts", ".mjs")), "utf8");
  const smaller = program
    .replace("steps: 100", "steps: 2")
    .replace("resolution: 32", "resolution: 8")
    .replace('resolvePreset("emoji32-small")', JSON.stringify(tinyConfig()));
  writeFileSync(join(project, "smaller.mjs"), smaller);
  node("smaller.mjs");
  expect(existsSync(join(project, "samples.png"))).toBe(true);
  expect(existsSync(join(project, "runs", "photos", "config.json"))).toBe(true);
});

test("the run is exported for browsers with its page, once the runtime for browsers is installed", () => {
  const words = ["--no-install", "strata", "export", "runs/photos", "--format", "web", "--out", "site"];
  const asked = spawnSync("npx", words, { cwd: project, encoding: "utf8" });
  expect(asked.stderr).toContain("the package onnxruntime-web, whose files run the model in a browser");
  expect(asked.stderr).toContain("npm install onnxruntime-web@1.30.0");
  expect(asked.status).toBe(2);
  expect(existsSync(join(project, "site"))).toBe(false);
  link("onnxruntime-web");
  run("npx", ...words);
  for (const file of ["index.html", "sw.js", "app/app.js", "app/web-worker.js", "manifest.json"])
    expect(existsSync(join(project, "site", file)), file).toBe(true);
});

test("the programs in docs type-check as they are printed", () => {
  const docs = join(repository, "docs");
  const pages = readdirSync(docs).filter((name) => name.endsWith(".md"));
  const programs = pages.flatMap((page) =>
    [...readFileSync(join(docs, page), "utf8").matchAll(/```ts\n([\s\S]*?)```/g)]
      .filter(([, program]) => program.includes('from "strata-vae'))
      .map(([, program], number) => ({ name: `${page.replace(".md", "")}-${number}.mts`, program })),
  );
  for (const { name, program } of programs) writeFileSync(join(project, name), program);
  const names = programs.map(({ name }) => name);
  expect(names).toContain("getting-started-0.mts");
  const options = ["--ignoreConfig", "--noEmit", "--strict", "--skipLibCheck", "--types", "node"];
  expect(tsc(...options, "--target", "es2023", "--lib", "esnext", "--module", "nodenext", ...names)).toBe("");
});

test.each([
  ["nodenext", ["modules.mts", "common.cts"]],
  ["commonjs", ["common.ts"]],
])("types pass without skipLibCheck, with module %s; `test/long` has others", (module, files) => {
  for (const file of files) writeFileSync(join(project, file), usesTypes);
  expect(tsc(...checkingLibraries, "--module", module, ...files)).toBe("");
});

test("CommonJS can require it, and read its package.json", () => {
  const script = `const { version } = require("strata-vae"); console.log(version, require("strata-vae/package.json").version)`;
  writeFileSync(join(project, "required.cjs"), script);
  expect(node("required.cjs").trim()).toBe(`${manifest.version} ${manifest.version}`);
});

test("a program that was bundled with it is told to leave it out", async () => {
  const contents = `import { Runtime } from "strata-vae/engine"; new Runtime();`;
  const external = Object.keys(manifest.dependencies);
  await build({
    ...{ stdin: { contents, resolveDir: project }, outfile: join(project, "bundled.mjs"), external },
    ...{ bundle: true, platform: "node", format: "esm" },
  });
  const { status, stderr } = spawnSync(process.execPath, ["bundled.mjs"], { cwd: project, encoding: "utf8" });
  expect(status).toBe(1);
  expect(stderr).toContain(
    `UserError: Strata starts a thread from ${join(project, "runtime-worker.js")}, which is not there. Keep`,
  );
});
