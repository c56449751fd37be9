/** @file `docs/extending.md`, applied to a copy of the sources: it compiles, and what it adds trains, evaluates and prints. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sharedProcess } from "../support/command-line.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(join(repository, "docs/extending.md"), "utf8");

const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language} title="([^"]+)"\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(
    ([, path, text]) => ({ path, text }),
  );

const copy = mkdtempSync(join(tmpdir(), "strata-extending-"));
const inCopy = (path: string) => join(copy, path);

/** Each line of a diff after the one above it, which must be there once; lines of parts that ship are there already. */
function applied(source: string, diff: string): string {
  const lines = source.split("\n");
  const changes = diff.trimEnd().split("\n");
  const placeOf = (line: string) => lines.indexOf(line.slice(1));
  changes.forEach((change, index) => {
    const kind = change[0];
    if (kind !== "+") expect(lines, change).toContain(change.slice(1));
    if (kind !== "+" || placeOf(change) >= 0) return;
    const above = changes[index - 1];
    lines.splice(placeOf(above) + 1, 0, change.slice(1));
    if (above[0] === "-") lines.splice(placeOf(above), 1);
  });
  return lines.join("\n");
}

/** The commands that the page tells to try, as words of a shell without its quotes. */
function commandsToTry(): string[][] {
  const [, shell] = /^```sh\n([\s\S]*?)^```/m.exec(page)!;
  const lines = shell.replaceAll("\\\n", " ").trim().split("\n");
  return lines.map((line) => [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain));
}

const env = { ...process.env, STRATA_CACHE_DIR: inCopy("cache"), NO_COLOR: "1" };

function run(...words: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: copy, env, encoding: "utf8" });
  expect(status, `${words.join(" ")}\n${stdout}\n${stderr}`).toBe(0);
  return stdout;
}

const commands = commandsToTry();
const inProcess = sharedProcess(inCopy("src/cli/program.ts"), { cwd: copy, env, execArgv: ["--import", "tsx"] });

/** What the command prints that the page tells to try. */
async function strata(command: string): Promise<string> {
  const words = commands.find((each) => each.includes(command))!;
  const { code, stdout, stderr } = await inProcess(...words.slice(words.indexOf("--") + 1));
  expect(code, stderr).toBe(0);
  return stdout;
}

beforeAll(() => {
  for (const path of ["src", "scripts/settings", "docs/settings.md", "package.json"]) {
    const isWanted = (source: string) => !source.endsWith(".test.ts");
    cpSync(join(repository, path), inCopy(path), { recursive: true, filter: isWanted });
  }
  symlinkSync(join(repository, "node_modules"), inCopy("node_modules"));
  const settings = JSON.parse(readFileSync(join(repository, "tsconfig.json"), "utf8")) as object;
  writeFileSync(inCopy("tsconfig.json"), JSON.stringify({ ...settings, include: ["src"] }));
  for (const { path, text } of blocks("ts")) if (!existsSync(inCopy(path))) writeFileSync(inCopy(path), text);
  for (const { path, text } of blocks("diff")) {
    writeFileSync(inCopy(path), applied(readFileSync(inCopy(path), "utf8"), text));
  }
  run("--import", "tsx", "scripts/settings/main.ts"); // npm run docs:settings
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

test("the page has a file and a line for each kind, and quotes those that ship as they are", () => {
  expect(blocks("ts")).toHaveLength(6);
  expect(new Set(blocks("diff").map(({ path }) => path)).size).toBe(7);
  const shipped = blocks("ts").filter(({ path }) => existsSync(join(repository, path)));
  expect(shipped.map(({ path }) => path.split("/").at(-1))).toEqual(["explicit.ts", "adam.ts"]);
  for (const { path, text } of shipped) expect(text).toBe(readFileSync(join(repository, path), "utf8"));
});

test("with what it adds, the sources compile", () => {
  run(join(repository, "node_modules/typescript/bin/tsc"), "--noEmit", "-p", inCopy("tsconfig.json"));
});

test("the command and the data source work", async () => {
  expect(JSON.parse(await strata("colour"))).toEqual({
    images: expect.any(Number),
    mean: [expect.any(Number), expect.any(Number), expect.any(Number)],
  });
});

test("a model with a Laplace output and a list of shares trains by Adam, and is measured by a histogram", async () => {
  await strata("train");
  const { optimizer, objective } = JSON.parse(readFileSync(inCopy("runs/laplace/config.json"), "utf8"));
  expect([objective.output, optimizer.kind]).toEqual(["laplace", "adam"]);
  const measured = JSON.parse(await strata("evaluate"));
  expect(JSON.stringify(measured)).toContain("histogram");
});

test("the masses of the Laplace output's 256 bins sum to 1, and are those of its distribution function", () => {
  const script = `
    import { defaultDevice, numpy as np } from "@jax-js/jax";
    import { laplaceOutput } from "./src/objective/laplace-output.ts";
    defaultDevice("cpu");
    const every = (value) => Array.from({ length: 256 }, (_, byte) => value(byte));
    const masses = [[0.2, -6], [-0.999, -2], [0.5, -0.5]].map((parameters) => {
      const output = np.array(every(() => parameters)).reshape([256, 2, 1, 1]);
      const images = np.array(every((byte) => byte / 127.5 - 1)).reshape([256, 1, 1, 1]);
      return laplaceOutput.negativeLogProbability(output, images, {}).js().map((nats) => Math.exp(-nats));
    });
    console.log(JSON.stringify(masses));`;
  writeFileSync(inCopy("masses.ts"), script);
  const found = JSON.parse(run("--import", "tsx", "masses.ts")) as number[][];
  const parameters = [
    [0.2, -6],
    [-0.999, -2],
    [0.5, -0.5],
  ];
  parameters.forEach(([mean, logScale], index) => {
    const below = (x: number) => {
      const t = (x - mean) / Math.exp(logScale);
      return t < 0 ? Math.exp(t) / 2 : 1 - Math.exp(-t) / 2;
    };
    const expected = Array.from({ length: 256 }, (_, byte) => {
      const x = byte / 127.5 - 1;
      return (byte === 255 ? 1 : below(x + 1 / 255)) - (byte === 0 ? 0 : below(x - 1 / 255));
    });
    expect(Math.max(...found[index].map((mass, byte) => Math.abs(mass - expected[byte])))).toBeLessThan(1e-5);
    expect(found[index].reduce((sum, mass) => sum + mass)).toBeCloseTo(1, 4);
  });
});
