/**
 * @file Whether guidance makes pictures that look more like their label:
 *
 *     npm run measure:guidance -- --run RUN [--per-class 60] [--seed 0] [--epochs 30] [--classifier FILE] [MEAN,VARIANCE …]
 *
 * Trains a small classifier on the data that the run was trained on, or reads one that was trained before, and asks it about
 * pictures that the model has drawn with these weights of guidance.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { parseGuidance } from "../../src/cli/options/arguments.js";
import { type ImageSet, openData, take } from "../../src/data/index.js";
import { Runtime } from "../../src/engine/index.js";
import { reconstruct } from "../../src/inference/sampling/reconstruct.js";
import { Sampler } from "../../src/inference/sampling/sampler.js";
import { ClassifierExtractor } from "../../src/quality/classifier/classifier-extractor.js";
import { BATCH_SIZE, examplesOf } from "../../src/quality/classifier/examples.js";
import type { Classifier } from "../../src/quality/classifier/network.js";
import { trainClassifier } from "../../src/quality/classifier/training.js";
import { decodeClassifier, encodeClassifier } from "../../src/quality/classifier/weights.js";
import { openRun } from "../../src/training/run/open-run.js";
import { judgementOf } from "./judgement.js";
import { cells, columns, type Judged } from "./table.js";

const WEIGHTS = ["0,0", "0.5,0.5", "1,1", "2,2", "3,3", "0,2", "2,0", "1.5,5"];
const BATCH_OF_SAMPLES = 16;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    run: { type: "string" },
    "per-class": { type: "string", default: "60" },
    seed: { type: "string", default: "0" },
    epochs: { type: "string", default: "30" },
    classifier: { type: "string", default: "runs/emoji-classifier.safetensors" },
  },
});
if (!options.run) throw new Error("Expected --run RUN: a model with classes.");
const say = (text: string) => process.stderr.write(`${text}\n`);
const row = (texts: readonly string[]) => process.stdout.write(`| ${texts.join(" | ")} |\n`);

const model = await openRun(options.run);
const { classes } = model.data;
const { resolution } = model.config.model;
if (classes.length === 0) throw new Error(`Expected a model with classes, got ${options.run}, which has none.`);
const runtime = new Runtime();
const { train, validation, test } = await openData(model.data.name, { resolution });
const judge = await ClassifierExtractor.create(await classifier(), { resolution, tells: "classes", runtime });

const inMemory = (set: ImageSet) =>
  take(
    set,
    Array.from({ length: set.count }, (_, image) => image),
  );
async function judged(pictures: { images: Uint8Array; labels: Int32Array; count: number }): Promise<Judged> {
  const { pooled, logits } = await judge.extract({ ...pictures, resolution });
  return { labels: pictures.labels, ...judgementOf({ pooled, logits: logits! }, pictures.count) };
}

const training = await judged(inMemory(train));
process.stdout.write(`\`${options.run}\`, step ${model.step}; chance is ${(100 / classes.length).toFixed(0)} %\n\n`);
row(["pictures", ...columns(classes)]);
row(["pictures", ...columns(classes)].map(() => "---"));
row(["training images", ...cells(training, training, classes)]);
for (const [name, set] of [["validation", validation] as const, ["test", test] as const]) {
  if (set.count === 0) continue;
  const images = inMemory(set);
  row([`${name} images`, ...cells(await judged(images), training, classes)]);
  const pictures = await reconstruct(model, images, { batch: BATCH_OF_SAMPLES, runtime });
  row([`${name} images, reconstructed`, ...cells(await judged({ ...images, ...pictures }), training, classes)]);
}
const sampler = new Sampler(model, { batch: BATCH_OF_SAMPLES, runtime });
const count = Number(options["per-class"]) * classes.length;
const labels = Int32Array.from({ length: count }, (_, image) => image % classes.length);
for (const weights of positionals.length > 0 ? positionals : WEIGHTS) {
  const guidance = parseGuidance(weights.split(" "));
  const samples = await sampler.sample({ count, labels, guidance, seed: Number(options.seed) });
  row([`samples, guidance ${weights}`, ...cells(await judged(samples), training, classes, samples.clamped)]);
}
await sampler.dispose();
await judge.dispose();
await runtime.dispose();

/** The classifier of the file, or a new one, which is kept there. */
async function classifier(): Promise<Classifier<Float32Array>> {
  const path = options.classifier;
  if (existsSync(path)) return decodeClassifier(readFileSync(path), path);
  const began = performance.now();
  const seed = Number(options.seed);
  const weights = await trainClassifier(examplesOf(train, seed), {
    steps: Math.ceil((Number(options.epochs) * train.count) / BATCH_SIZE),
    seed,
    runtime,
    onProgress: ({ step, steps, loss }) => {
      if (step % 100 === 0 || step === steps) say(`step ${step} of ${steps}: loss ${loss.toFixed(3)} nats`);
    },
  });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, encodeClassifier(weights));
  say(`Trained in ${((performance.now() - began) / 1000).toFixed(0)} s; kept in ${path}`);
  return weights;
}
