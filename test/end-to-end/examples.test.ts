/** @file Every example runs as its header says, on small settings, and does what it says. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import sharp from "sharp";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/command-line.js";

const folder = fileURLToPath(new URL("../../examples/", import.meta.url));
const out = temporaryFolder();
const env = { ...process.env, STRATA_CACHE_DIR: process.env.STRATA_TEST_CACHE_DIR ?? "" };
const words = (name: string, args: string[]) => ["--import", "tsx", join(folder, `${name}.ts`), ...args];
const run = async (name: string, ...args: string[]) =>
  (await promisify(execFile)(process.execPath, words(name, args), { env })).stdout;

const sizeOf = async (...path: string[]) => {
  const { width, height } = await sharp(join(out, ...path)).metadata();
  return [width, height];
};

/** What is tried of each example; a new one does not pass without. */
const tried: Record<string, () => Promise<void>> = {
  "own-data": async () => {
    expect(await run("own-data", "3", join(out, "own"))).toContain("3 steps in");
    expect((await sizeOf("own", "upright.png"))[0]).toBeGreaterThan(8 * 16);
  },
  "training-events": async () => {
    const printed = await run("training-events", "1e9", join(out, "events"));
    expect(printed).toMatch(
      /from step 0 of \d+\n.*step 1: loss [\d,]+ nats, .*\n.*stopped at step [12]: .*checkpoints/s,
    );
  },
  server: async () => {
    const server = spawn(process.execPath, words("server", ["0"]), { env });
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
    expect(await run("feature-extractor", "16")).toMatch(
      /temperature 0.6: .*precision .* \d.*\ntemperature 1: .*recall .* \d/,
    );
  },
  logging: async () => {
    expect(await run("logging", "2", join(out, "logged"))).toContain("2 steps logged");
    expect(readFileSync(join(out, "logged", "logged.jsonl"), "utf8")).toContain('"lossNats":');
    expect(readdirSync(join(out, "logged", "tensorboard"))).toEqual([expect.stringMatching(/^events\.out\.tfevents/)]);
  },
  "seed-sweep": async () => {
    expect(await run("seed-sweep", "1", join(out, "seeds"))).toMatch(/± \d\.\d{3} bits\/dim over 3 seeds/);
  },
  "mix-latents": async () => {
    await run("mix-latents", "3", "4", out);
    expect((await sizeOf("mixed.png"))[0]).toBeGreaterThan(6 * 32);
    expect((await sizeOf("path.png"))[0]).toBeGreaterThan(6 * 32);
  },
  engine: async () => {
    const [, error] = /after 200 steps: (\S+)/.exec(await run("engine", "200"))!;
    expect(Number(error)).toBeLessThan(0.2); // of a sine, whose mean square is 0.5
  },
};

test("every example is tried", () => {
  expect(readdirSync(folder).sort()).toEqual(
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
