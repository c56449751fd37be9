/** @file Whole training steps and batches of samples. */
import { applySettings, type Config, resolvePreset } from "../../src/config/index.js";
import { Runtime } from "../../src/engine/index.js";
import { Sampler } from "../../src/generation/sampler.js";
import { initialState } from "../../src/training/initial-state.js";
import { stepInputs } from "../../src/training/step-inputs.js";
import { Trainer } from "../../src/training/trainer.js";
import { median, type Row, wave } from "../measure.js";

/** What a case is measured with. */
export interface ModelCase {
  preset: string;
  batch: number;
  rounds: number;
  threads: number;
  rematerialise?: boolean;
}

const configured = ({ preset, batch, rematerialise = false }: ModelCase): Config =>
  applySettings(resolvePreset(preset), [`training.batchSize=${batch}`, `training.rematerialise=${rematerialise}`]);

/** Median milliseconds of `work`, after a first call that does not count. */
async function time(rounds: number, work: (round: number) => Promise<unknown>): Promise<number> {
  const values: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const start = performance.now();
    await work(round);
    values.push(performance.now() - start);
  }
  return median(values.slice(1));
}

/** One update: noise, gradients, Adamax, moving average. */
export async function trainStep(settings: ModelCase): Promise<Row[]> {
  const { preset, batch, rounds, threads } = settings;
  const config = configured(settings);
  const runtime = new Runtime({ threads });
  const start = performance.now();
  const counters = { step: 0, updates: 0, images: 0, skips: 0 };
  const trainer = await Trainer.create(config, runtime, counters, initialState(config));
  const startMs = performance.now() - start;
  const images = wave(batch * 3 * config.model.resolution ** 2);
  const labels = new Int32Array(0);
  const ms = await time(rounds, (round) => trainer.step(stepInputs(config, round, { images, labels })));
  await trainer.dispose();
  await runtime.dispose();
  const rematerialised = settings.rematerialise ? ", rematerialised" : "";
  return [{ name: `train step, ${preset}, batch ${batch}${rematerialised}`, ms, images: batch, startMs }];
}

/** One batch of samples. The weights are random: that costs the same. */
export async function generation(settings: ModelCase): Promise<Row[]> {
  const { preset, batch, rounds, threads } = settings;
  const config = configured(settings);
  const runtime = new Runtime({ threads });
  const start = performance.now();
  const data = { name: "none", count: 0, classes: [], classCounts: [] };
  const model = { config, parameters: initialState(config).parameters, step: 0, data };
  const sampler = await Sampler.create(model, { batch, runtime });
  const startMs = performance.now() - start;
  const ms = await time(rounds, (seed) => sampler.sample({ count: batch, seed }));
  await sampler.dispose();
  await runtime.dispose();
  return [{ name: `generation, ${preset}, batch ${batch}`, ms, images: batch, startMs }];
}
