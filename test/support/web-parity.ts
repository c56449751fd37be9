/** @file The same pictures drawn in Node and in a browser: plain, guided, resampled, encoded and interpolated. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { latentsOf } from "../../src/inference/sampling/encode-latents.js";
import { Sampler } from "../../src/inference/sampling/sampler.js";
import type { ParameterTree, TrainedModel } from "../../src/inference/trained-model.js";
import { interpolateLatents } from "../../src/latents/interpolate.js";
import { latentsAt, latentsOfSamples, varyLatents } from "../../src/latents/latents.js";
import { mapParameters } from "../../src/model/index.js";
import { type ExportWebOptions, exportWeb } from "../../src/weights/web/export-web.js";
import { temporaryFolder } from "./command-line.js";
import { fixture } from "./fixtures.js";

/** A trained model with classes, 16×16 pixels. */
export function goldenModel(): TrainedModel {
  const { config, parameters } = fixture("cond16");
  const { classes } = config.model;
  return {
    config,
    parameters: mapParameters(parameters, ({ data }) => data as Float32Array) as ParameterTree,
    step: 5,
    data: {
      ...{ name: "golden", count: classes, classCounts: Array.from({ length: classes }, (_, label) => label + 1) },
      classes: Array.from({ length: classes }, (_, label) => `class ${label}`),
    },
  };
}

/** A folder with the model, as exact as Node has it. */
export async function exportedModel(model: TrainedModel, options: ExportWebOptions = {}): Promise<string> {
  const folder = temporaryFolder();
  await exportWeb(model, folder, { dtype: "float32", page: false, ...options });
  return folder;
}

/** Bytes of pictures by how they were drawn. */
type Drawn = Record<string, number[]>;

const LABELS = [0, 2, 1];
const SEED = 3;
const GUIDANCE = { mean: 1.5, variance: 1 };
const PAD = [undefined, { mean: 0, variance: 2 }, { mean: 3, variance: 0.5 }];
const TEMPERATURE = 0.8;

/** Draws with Node's own sampler. */
export async function drawnInNode(model: TrainedModel): Promise<Drawn> {
  await using sampler = new Sampler(model, { batch: 3 });
  const { model: config } = model.config;
  const labels = Int32Array.from(LABELS);
  const bytes = async (options: Partial<Parameters<Sampler["sample"]>[0]>) => {
    const { images } = await sampler.sample({ count: 3, seed: SEED, labels, ...options });
    return [...images];
  };
  const { images, labels: drawn } = await sampler.sample({ count: 3, seed: SEED });
  const size = images.length / 3;
  const pad = [];
  for (const [tile, guidance] of PAD.entries())
    pad.push(...(await bytes({ guidance })).slice(tile * size, (tile + 1) * size));
  const first = latentsOfSamples(config, [0], { seed: SEED });
  const second = latentsOfSamples(config, [1], { seed: SEED });
  const latents = await latentsOf(
    model,
    { images, count: 3, resolution: config.resolution, labels: drawn },
    { seed: 7 },
  );
  return {
    plain: [...images],
    guided: await bytes({ guidance: GUIDANCE, temperature: TEMPERATURE }),
    pad,
    resampled: await bytes({ latents: varyLatents(config, first, { groups: 2, count: 3, seed: 9 }) }),
    interpolated: await bytes({ latents: interpolateLatents(first, second, 3), labels: new Int32Array(3).fill(1) }),
    encoded: await bytes({ latents, labels: drawn }),
    resampledEncoding: await bytes({ latents: varyLatents(config, latentsAt(latents, 1, 3), { groups: 1, count: 3 }) }),
  };
}

/** Draws with `/lib/web.js`, of the model at `/model`. */
export function drawnInBrowser(
  page: Page,
  how: { device: "wasm" | "webgpu"; threads?: number; batch?: number },
): Promise<Drawn> {
  return page.evaluate(
    async ({ how, LABELS, SEED, GUIDANCE, PAD, TEMPERATURE }) => {
      const strata = await importStrata("/lib/web.js");
      const { latentsOfSamples, varyLatents, latentsAt } = strata;
      const { batch = 2, ...options } = how;
      const model = await strata.load("model/", options);
      if (model.device !== how.device) throw new Error(`expected ${how.device}, got ${model.device}`);
      await model.prepare();
      const labels = Int32Array.from(LABELS);
      const { config } = model;
      const first = latentsOfSamples(config, [0], { seed: SEED });
      const second = latentsOfSamples(config, [1], { seed: SEED });
      const plain = await model.sample({ count: 3, seed: SEED, batch });
      const { latents } = await model.encode(plain, { labels: plain.labels, seed: 7, batch });
      const asked = { count: 3, seed: SEED, labels, batch };
      const drawn = {
        plain,
        guided: await model.sample({ ...asked, guidance: GUIDANCE, temperature: TEMPERATURE }),
        pad: await model.sample({ ...asked, guidances: PAD.map((each) => each ?? undefined) }),
        resampled: await model.decode(varyLatents(config, first, { groups: 2, count: 3, seed: 9 }), { labels, batch }),
        interpolated: await model.interpolate(first, second, { count: 3, label: 1, batch }),
        encoded: await model.decode(latents, { labels: plain.labels, batch }),
        resampledEncoding: await model.decode(varyLatents(config, latentsAt(latents, 1, 3), { groups: 1, count: 3 }), {
          labels,
          batch,
        }),
      };
      model.dispose();
      return Object.fromEntries(Object.entries(drawn).map(([name, { images }]) => [name, [...images]]));
    },
    { how, LABELS, SEED, GUIDANCE, PAD, TEMPERATURE },
  );
}

/** Bytes may differ by one where the values before rounding lie near its edge. */
export function expectAlike(actual: Drawn, expected: Drawn): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, bytes] of Object.entries(actual)) {
    expect(bytes, name).toHaveLength(expected[name].length);
    const differences = bytes.map((byte, index) => Math.abs(byte - expected[name][index]));
    expect(Math.max(...differences), name).toBeLessThanOrEqual(1);
    expect(differences.filter((each) => each > 0).length, name).toBeLessThanOrEqual(bytes.length / 100);
  }
}
