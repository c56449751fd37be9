/**
 * @file The experiments of docs/reproduce.md, each begun on a CPU, on images that are waves in the data sets' own files: two
 * training steps at batch 2 of every configuration, which takes up to 8 GB and an hour; then what measures and draws, with
 * narrow models, since how large they are changes none of that.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { wave } from "../../bench/measure.js";
import { resolvePreset } from "../../src/config/index.js";
import { toBytes } from "../../src/inference/pictures.js";
import { encodeNpz } from "../../src/io/numpy/npz.js";
import { strata, temporaryFolder } from "../support/command-line.js";
import { configurationPath, configurations } from "../support/paper.js";

const folder = temporaryFolder();
const runs = join(folder, "runs");
const at = (...names: string[]) => join(folder, ...names);

/** Waves, so that no two images are alike. */
const images = (count: number, resolution: number) => toBytes(wave(count * 3 * resolution ** 2));

/** CIFAR-10's binary batches with `each` images instead of 10,000. */
function writeCifar10(each: number): string {
  const path = at("cifar10");
  mkdirSync(path);
  const names = [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.bin`);
  const pixels = images(6 * each, 32);
  [...names, "test_batch.bin"].forEach((name, batch) => {
    const records = Array.from({ length: each }, (_, place) => {
      const start = (batch * each + place) * 3072;
      return [Uint8Array.of(place % 10), pixels.subarray(start, start + 3072)];
    });
    writeFileSync(join(path, name), Buffer.concat(records.flat()));
  });
  return path;
}

/** Downsampled ImageNet with a few images, of as many classes. */
function writeImageNet(resolution: number, count: number): string {
  const path = at(`imagenet${resolution}`);
  mkdirSync(path);
  const pixels = images(2 * count, resolution);
  const size = 3 * resolution ** 2;
  ["train_data_batch_1", "val_data"].forEach((name, part) => {
    const data = pixels.subarray(part * count * size, (part + 1) * count * size);
    const labels = Int32Array.from({ length: count }, (_, place) => 1 + ((50 * place) % 1000));
    const arrays = encodeNpz({
      data: { dtype: "uint8", shape: [count, size], data },
      labels: { dtype: "int32", shape: [count], data: labels },
    });
    writeFileSync(join(path, `${name}.npz`), Buffer.concat(arrays));
  });
  return path;
}

const cifar10 = `cifar10:${writeCifar10(4)}`;
const imagenet32 = `imagenet32:${writeImageNet(32, 20)}`;
const imagenet64 = `imagenet64:${writeImageNet(64, 20)}`;

/** The images of a configuration. */
function dataOf(name: string): string {
  if (name.startsWith("table1-")) return cifar10;
  return name.includes("imagenet64") ? imagenet64 : imagenet32;
}

/** The batch of two, which fits everywhere. */
const small = ["--set", "training.batchSize=2", "training.microBatchSize=2"];

/** A configuration at that batch, its model of one narrow layer at each of its resolutions. */
function narrow(name: string): string[] {
  const path = configurationPath(name);
  const { preset } = JSON.parse(readFileSync(path, "utf8"));
  const levels = resolvePreset(preset).model.levels.map(({ resolution }) => ({
    resolution,
    channels: 8,
    encoderBlocks: 1,
    stochasticLayers: 1,
  }));
  return ["--config", path, ...small, `model.levels=${JSON.stringify(levels)}`];
}

/** Runs a command to its end; it must not fail. */
async function run(...words: string[]): Promise<string> {
  const began = performance.now();
  const { code, stdout, stderr } = await strata(...words, "--threads", "2");
  expect(code, stderr).toBe(0);
  console.log(`${words.slice(0, 5).join(" ")}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
  return stdout;
}

/** Multiply-accumulates of an image, as the page has them. */
const page = readFileSync("docs/reproduce.md", "utf8");
const counted = [...page.matchAll(/\| ([\d.]+) GMAC \|/g)].map(([, work]) => 1e9 * Number(work));

test.each(configurations)("%s: two steps, and the work of one, as the page counts it", async (name) => {
  const config = ["--config", configurationPath(name)];
  const dry = JSON.parse(await run("train", ...config, "--dry-run", "--json", ...small));
  const nearest = Math.min(...counted.map((work) => Math.abs(work / dry.model.multiplyAccumulates.training - 1)));
  expect(nearest).toBeLessThan(0.002);
  const training = ["--data", dataOf(name), "--out", join(runs, name), "--json", ...small];
  const result = await run("train", ...config, ...training, "--steps", "2");
  expect(JSON.parse(result)).toMatchObject({ step: 2, images: 4, interrupted: false });
});

test("Table 1 is measured, with its figures", async () => {
  const config = narrow("table1-both.json");
  const measure = ["--features", "pixels", "--count", "16", "--batch", "4", "--steps", "2"];
  await run("ablate", "--data", cifar10, "--out", join(runs, "table1"), ...config, ...measure);
  expect(readFileSync(join(runs, "table1", "table.md"), "utf8")).toContain("20.82"); // the paper's beside ours
});

test("one cell of Table 2, and guided samples of the cascade", async () => {
  const trained: [configuration: string, run: string][] = [
    ["table2-imagenet32.json", join(runs, "imagenet32")],
    ["table2-imagenet64-superres.json", join(runs, "imagenet64")],
  ];
  for (const [name, out] of trained) {
    await run("train", ...narrow(name), "--data", dataOf(name), "--out", out, "--steps", "2");
  }
  const models = ["--run", join(runs, "imagenet32"), "--superres", join(runs, "imagenet64")];
  const grid = ["--mean", "2", "--variance", "5", "--count", "16", "--batch", "4", "--features", "pixels"];
  const table2 = join(runs, "table2");
  await run("sweep", "guidance", ...models, "--data", imagenet64, ...grid, "--out", table2);
  expect(readdirSync(join(table2, "cells"))).toHaveLength(2);
  const guided = ["--label", "index:50", "--guidance", "2,5", "--count", "2", "--batch", "2"];
  await run("sample", ...models, ...guided, "--out", at("guided.png"));
  expect(await sharp(at("guided.png")).metadata()).toMatchObject({ format: "png" });
});
