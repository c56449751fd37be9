/** @file Every example does what it says, on small settings: the shortest as its header says, the others compiled. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { transformSync } from "esbuild";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import { discs, temporaryFolder } from "../support/command-line.js";
import { tinyConfig } from "../support/tiny.js";

const folder = fileURLToPath(new URL("../../examples/", import.meta.url));
const out = temporaryFolder();
const data = join(out, "discs");
const options = {
  cwd: join(folder, ".."), // where the package is known by its name
  env: { ...process.env, STRATA_CACHE_DIR: process.env.STRATA_TEST_CACHE_DIR ?? "" },
};

beforeAll(() => discs(data, ["red", "blue"], 20));

/** What an example has, and what stands there instead, so that it trains a tiny model in seconds. */
type Smaller = Record<string, string>;
const tinyModel: Smaller = { 'resolvePreset("emoji32-small")': JSON.stringify(tinyConfig()) };

/** The arguments of Node that run an example, smaller, with words of its own. */
function compiled(name: string, words: string[], smaller: Smaller = {}): string[] {
  let program = readFileSync(join(folder, `${name}.ts`), "utf8");
  for (const [own, small] of Object.entries(smaller)) {
    expect(program.split(own), own).toHaveLength(2);
    program = program.replace(own, () => small);
  }
  const { code } = transformSync(program, { loader: "ts", format: "esm", target: "es2022" });
  return ["--input-type=module", "--eval", code, name, ...words];
}

const fewStripes: Smaller = {
  "stripes(2000)": "stripes(100)",
  "[1, 4, 8, 16]": "[4, 8, 16]",
  "channels: 32": "channels: 8",
};
/** To pack all emoji takes longer than everything else here. */
const ownImages: Smaller = { '"emoji"': JSON.stringify(data) };
const tinyTraining: Smaller = { ...tinyModel, ...ownImages };

const node = async (words: string[]) => (await promisify(execFile)(process.execPath, words, options)).stdout;
const run = (name: string, ...words: string[]) => node(compiled(name, words));
const runSmaller = (smaller: Smaller, name: string, ...words: string[]) => node(compiled(name, words, smaller));

const sizeOf = async (...path: string[]) => {
  const { width, height } = await sharp(join(out, ...path)).metadata();
  return [width, height];
};

/** What is tried of each example; a new one does not pass without. */
const tried: Record<string, () => Promise<void>> = {
  "own-data": async () => {
    expect(await runSmaller(fewStripes, "own-data", "3", join(out, "own"))).toContain("3 steps in");
    expect((await sizeOf("own", "upright.png"))[0]).toBeGreaterThan(8 * 16);
  },
  "training-events": async () => {
    const printed = await runSmaller(tinyTraining, "training-events", "1e9", join(out, "events"));
    expect(printed).toMatch(
      /from step 0 of \d+\n.*step 1: loss [\d,]+ nats, .*\n.*stopped at step [12]: .*checkpoints/s,
    );
  },
  server: async () => {
    const server = spawn(process.execPath, compiled("server", ["0"]), options);
    try {
      const address = await firstLine(server);
      const [one, again, other] = await Promise.all([1, 1, 2].map((seed) => pngAt(new URL(`${seed}.png`, address))));
      expect(one).toEqual(again);
      expect(one).not.toEqual(other);
      expect((await fetch(new URL("x.png", address))).status).toBe(404);
      server.kill("SIGINT");
      expect(await new Promise((ended) => server.once("exit", ended))).toBe(0);
    } finally {
      server.kill("SIGKILL");
    }
  },
  "one-picture": async () => {
    const letters = await run("one-picture", "5", out);
    expect(letters.split("\n")).toHaveLength(16 + 1);
    expect(await sizeOf("picture.png")).toEqual([32, 32]);
  },
  grids: async () => {
    await run("grids", out);
    expect((await sizeOf("samples.png"))[0]).toBeGreaterThan(8 * 64);
    expect((await sizeOf("formation.png"))[1]).toBeGreaterThan(4 * 64);
  },
  "feature-extractor": async () => {
    expect(await runSmaller(ownImages, "feature-extractor", "16")).toMatch(
      /temperature 0.6: .*precision .* \d.*\ntemperature 1: .*recall .* \d/,
    );
  },
  logging: async () => {
    expect(await runSmaller(tinyTraining, "logging", "2", join(out, "logged"))).toContain("2 steps logged");
    expect(readFileSync(join(out, "logged", "logged.jsonl"), "utf8")).toContain('"lossNats":');
    expect(readdirSync(join(out, "logged", "tensorboard"))).toEqual([expect.stringMatching(/^events\.out\.tfevents/)]);
  },
  "seed-sweep": async () => {
    expect(await runSmaller(tinyTraining, "seed-sweep", "1", join(out, "seeds"))).toMatch(
      /± \d\.\d{3} bits\/dim over 3 seeds/,
    );
  },
  "mix-latents": async () => {
    await run("mix-latents", "3", "4", out);
    expect((await sizeOf("mixed.png"))[0]).toBeGreaterThan(6 * 32);
    expect((await sizeOf("path.png"))[0]).toBeGreaterThan(6 * 32);
  },
  engine: async () => {
    const [, error] = /after 200 steps: (\S+)/.exec(await node(["--import", "tsx", join(folder, "engine.ts"), "200"]))!;
    expect(Number(error)).toBeLessThan(0.2); // of a sine, whose mean square is 0.5
  },
};

test("every example is tried", () => {
  const inNode = readdirSync(folder).filter((name) => name !== "web"); // those are tried in a browser
  expect(inNode.sort()).toEqual(
    Object.keys(tried)
      .map((name) => `${name}.ts`)
      .sort(),
  );
});

test.each(Object.keys(tried))("examples/%s.ts", (name) => tried[name]());

function firstLine({ stdout }: ChildProcess): Promise<string> {
  return new Promise((resolve) => stdout!.once("data", (line: Buffer) => resolve(line.toString().trim())));
}

async function pngAt(url: URL): Promise<Buffer> {
  const response = await fetch(url);
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "image/png"]);
  return Buffer.from(await response.arrayBuffer());
}
