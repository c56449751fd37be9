/**
 * @file A program that ends what it has started at random moments, in random ways; run by the tests `endings`.
 *
 *     node --expose-gc program.mjs many COUNT SEED   COUNT endings in this process, then `N endings` and exit code 0
 *     node program.mjs exit WAY SEED                 starts several things at once, and ends the process by WAY
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { numpy as np } from "@jax-js/jax";
import sharp from "sharp";
import { parseConfig, resolvePreset } from "../../src/config/index.ts";
import { Batches } from "../../src/data/batches.ts";
import { createDecoder } from "../../src/data/decoding/decoder.ts";
import { compile, deviceTraits, Runtime, spec } from "../../src/engine/index.ts";
import { Sampler } from "../../src/inference/sampling/sampler.ts";
import { initialise, modelParameters } from "../../src/model/index.ts";
import { outputChannels } from "../../src/objective/output-layers.ts";
import { ClassifierExtractor } from "../../src/quality/classifier/classifier-extractor.ts";
import { initialClassifier } from "../../src/quality/classifier/network.ts";
import { openPixels } from "../../src/quality/features/pixels.ts";
import { InputThread } from "../../src/training/inputs/input-thread.ts";
import { stepInputs } from "../../src/training/inputs/step-inputs.ts";
import { FRESH } from "../../src/training/run/counters.ts";
import { initialState } from "../../src/training/run/starting-point.ts";
import { train } from "../../src/training/train.ts";
import { Trainer } from "../../src/training/trainer.ts";

const folder = mkdtempSync(join(tmpdir(), "strata-endings-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** Numbers in [0, 1) that repeat for a seed. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 13), 0x297a2d39);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}

const level = (resolution) => ({ resolution, channels: 8, encoderBlocks: 1, stochasticLayers: 1, attention: 0 });
const preset = resolvePreset("emoji32-small");
const config = parseConfig(
  {
    ...preset,
    preset: "custom",
    model: { ...preset.model, resolution: 8, latentChannels: 4, finalBlocks: 1, levels: [4, 8].map(level) },
    training: {
      ...preset.training,
      ...{ batchSize: 8, microBatchSize: 4, rematerialise: false, evaluateEvery: 5, sampleEvery: 5 },
    },
  },
  { source: "this program" },
);
const images = {
  ...{ name: "noise", resolution: 8, count: 40, classes: [], labels: new Int32Array(0) },
  images: Uint8Array.from({ length: 40 * 192 }, (_, i) => (i * 7919) % 256),
};
const model = {
  config,
  parameters: initialise(modelParameters(config.model, outputChannels(config.objective)), 1),
  step: 0,
  data: { name: "noise", count: 40, classes: [], classCounts: [] },
};
const microBatches = stepInputs(config, 0, new Batches(images, config.training).batch(0));
const picture = await sharp({ create: { width: 300, height: 300, channels: 3, background: "teal" } })
  .png()
  .toBuffer();
const products = (x) => Array.from({ length: 4 }).reduce((y) => np.matmul(y.ref, y), x);

/**
 * Things to begin and to end: each starts work, `pending`, and says how it is ended. They share a runtime, which is disposed and
 * replaced from time to time.
 */
const kinds = {
  async runtime() {
    const runtime = new Runtime({ threads: 1 });
    const work = async () => {
      const program = await compile(products, [spec([150, 150])], { runtime });
      await Promise.all(Array.from({ length: 100 }, () => program.run(new Float32Array(22_500))));
    };
    return { pending: [work(), work()], thing: runtime };
  },
  async program(runtime) {
    const program = await compile(products, [spec([150, 150])], { runtime });
    const runs = Array.from({ length: 100 }, () => program.run(new Float32Array(22_500)));
    return { pending: runs, thing: program };
  },
  async sampler(runtime) {
    const sampler = new Sampler(model, { runtime, batch: 2 });
    const sample = (seed) => sampler.sample({ count: 60, seed });
    return { pending: [0, 1, 2].map(sample), thing: sampler };
  },
  async trainer(runtime) {
    const trainer = await Trainer.create(config, runtime, FRESH, initialState(config));
    const steps = async () => {
      for (let step = 0; step < 15; step++) await trainer.step(microBatches);
    };
    return { pending: [steps(), trainer.read("ema")], thing: trainer };
  },
  async extractor(runtime, random) {
    const options = { resolution: 8, tells: "classes", runtime };
    const extractor =
      random() < 0.3 ? openPixels() : await ClassifierExtractor.create(initialClassifier(4, 1), options);
    return { pending: [extractor.extract(images), extractor.extract(images)], thing: extractor };
  },
  async inputs() {
    const inputs = new InputThread({ config, images, device: deviceTraits.cpu });
    return { pending: [0, 1, 2, 300].map((step) => inputs.take(step)), thing: inputs };
  },
  async decoder() {
    const decoder = await createDecoder(1000);
    const decoded = Array.from({ length: 20 }, () => decoder.decode(picture, 8));
    return { pending: decoded, thing: { dispose: () => decoder[Symbol.asyncDispose]() } };
  },
  async failingThread() {
    const gone = { path: join(folder, "gone"), offset: 0 };
    const inputs = new InputThread({ config, images: { ...images, images: gone }, device: deviceTraits.cpu });
    return { pending: [inputs.take(0), inputs.take(1)], thing: inputs, fails: true };
  },
  async training(runtime, random) {
    const controller = new AbortController();
    const out = join(folder, `run-${random()}`);
    const data = { train: images, validation: { ...images, count: 0, images: new Uint8Array(0) } };
    const run = train({ config, data, out, runtime, limit: { steps: 30 }, signal: controller.signal });
    const dispose = async () => controller.abort(new Error("This training has been disposed."));
    return { pending: [run], thing: { dispose } };
  },
};

const ways = {
  once: (thing) => thing.dispose(),
  twice: (thing) => Promise.all([thing.dispose(), thing.dispose()]),
  again: async (thing) => {
    await thing.dispose();
    await thing.dispose();
  },
  using: (thing) => (thing[Symbol.asyncDispose] ?? thing.dispose).call(thing),
  afterItsRuntime: async (thing, runtime) => {
    await Promise.all([runtime.dispose(), thing.dispose()]);
    await thing.dispose();
  },
  late: async (thing, _, pending) => {
    await Promise.allSettled(pending);
    await thing.dispose();
  },
};

const { training: _, ...quick } = kinds;
const pick = (of, random) => Object.keys(of)[Math.floor(random() * Object.keys(of).length)];

async function many(count, seed) {
  const random = generator(seed);
  let runtime = new Runtime();
  for (let ending = 0; ending < count; ending++) {
    const [kind, way] = [ending % 25 === 9 ? "training" : pick(quick, random), pick(ways, random)];
    const title = `ending ${ending} of seed ${seed}: ${kind}, ${way}`;
    const late = setTimeout(() => {
      process.stderr.write(`${title}: not over after a minute\n`);
      process.exit(1);
    }, 60_000);
    const { pending, thing, fails } = await kinds[kind](runtime, random);
    const settled = Promise.allSettled(pending);
    if (random() < 0.8) await sleep(60 * random() ** 3);
    await ways[way](thing, runtime, pending);
    if (way === "afterItsRuntime") runtime = new Runtime();
    const reasons = (await settled).filter(({ status }) => status === "rejected").map(({ reason }) => reason);
    for (const { message } of reasons) {
      assert.match(message, fails ? /disposed|ENOENT/ : /^This .* has been (disposed|closed)\.$/, title);
    }
    assert.ok(new Set(reasons.map(({ message }) => message)).size <= 2, title);
    clearTimeout(late);
    if (ending % 20 === 0) globalThis.gc();
  }
  // Dropped without a word: they end when they are collected.
  for (let i = 0; i < 5; i++) new Runtime({ threads: 1 });
  await sleep(50);
  globalThis.gc();
  process.stdout.write(`${count} endings\n`); // the shared runtime is not disposed: nothing waits for it
}

const exits = {
  atOnce: () => process.exit(7),
  byAnError: () => {
    process.exitCode = 7;
    throw new Error("thrown on purpose");
  },
  inTheExitHandler: ([runtime]) => {
    process.on("exit", () => void runtime.dispose());
    process.exit(7);
  },
  whileDisposing: ([runtime]) => {
    void runtime.dispose();
    process.exit(7);
  },
  byItself: async ([runtime, ...things]) => {
    process.exitCode = 7;
    await Promise.all(things.map((thing) => thing.dispose()));
    void runtime.dispose();
  },
};

async function exit(way, seed) {
  const random = generator(seed);
  const runtime = new Runtime({ threads: 1 + Math.floor(2 * random()) });
  const things = [runtime];
  const begin = async (kind) => {
    const { pending, thing } = await kinds[kind](runtime, random);
    for (const promise of pending) promise.catch(() => {});
    things.push(thing);
  };
  const begun = Array.from({ length: 3 }, () => begin(pick(quick, random)).catch(() => {}));
  await (random() < 0.3 ? Promise.all(begun) : sleep(400 * random() ** 2));
  exits[way](things);
}

const [mode, first, second] = process.argv.slice(2);
if (mode === "many") await many(Number(first), Number(second));
else exit(first, Number(second));
