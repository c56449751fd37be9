/** @file The process of one check: sends what it finds to its parent, and leaves the device when it ends. */
import type { numpy as np } from "@jax-js/jax";
import { applySettings, resolvePreset } from "../../src/config/index.js";
import { Runtime } from "../../src/engine/index.js";
import { fromBytes } from "../../src/inference/pictures.js";
import { type ModelParameters, parameterEntries } from "../../src/model/index.js";
import { formatPower } from "../../src/number-format.js";
import type { ModelInputs } from "../../src/objective/auto-encode.js";
import { lossAndGradients, type SpectralVectors } from "../../src/objective/loss.js";
import { stepInputs } from "../../src/training/inputs/step-inputs.js";
import { FRESH } from "../../src/training/run/counters.js";
import { initialState } from "../../src/training/run/starting-point.js";
import { Trainer } from "../../src/training/trainer.js";
import { relativeDistance } from "../../test/support/distance.js";
import { evaluateOn, HostArray } from "../../test/support/evaluate.js";
import { fixture } from "../../test/support/fixtures.js";
import { readGoldenJson } from "../../test/support/golden.js";
import { discs } from "../../test/support/tiny.js";
import type { Finding, Setting } from "./parts.js";

export type CheckName = keyof typeof checks;

export interface CheckTask extends Setting {
  check: CheckName;
}

const add = (finding: Finding) => process.send!(finding);
const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GB`;

/** What the plugin says of itself. */
async function device(runtime: Runtime): Promise<void> {
  const description = await runtime.describe();
  const { platform, version, pjrt, devices } = description;
  const kinds = devices.map(({ kind, memoryBytes }) => `${kind}${memoryBytes ? `, ${gigabytes(memoryBytes)}` : ""}`);
  add({ what: "device", found: `${kinds.join("; ")}; ${platform}, ${version}, PJRT ${pjrt}`, data: description });
}

/** Loss and gradients of the fixtures' models beside the authors'. */
async function golden(runtime: Runtime, { plan }: Setting): Promise<void> {
  for (const name of plan.golden) {
    const { config, model, parameters, gradients: goldenGradients, batch, noise } = fixture(name);
    const vectors = parameters.generator.levels.flatMap(({ layers }) =>
      layers.map(({ prior, posterior }) => ({ prior: ones(prior), posterior: ones(posterior) })),
    );
    const { loss, gradients } = await evaluateOn(
      runtime,
      (p: ModelParameters<np.Array>, u: SpectralVectors[], b: ModelInputs, eps: np.Array[]) =>
        lossAndGradients(p, u, b, eps, { model, objective: { ...config.objective, spectralWeight: 0 } }),
      parameters,
      vectors,
      batch,
      noise,
    );
    const { distortion, kl } = readGoldenJson(`${name}/config.json`).expected_scalars_float64;
    const want = new Map(parameterEntries(goldenGradients()));
    const errors = parameterEntries(gradients).map(([path, { data }]) => relativeDistance(data, want.get(path)!.data));
    const [lossError, worst] = [Math.abs(loss.data[0] / (distortion + kl) - 1), Math.max(...errors)];
    add({
      what: `${name}: loss, and the gradient of every parameter, relative`,
      found: `off by ${formatPower(lossError)}, and ${formatPower(worst)} at most`,
      data: { name, lossError, worst },
    });
  }
}

/** A vector for the spectral term, which has no weight here. */
const ones = ({ conv2 }: { conv2: { weight: HostArray } }): HostArray => {
  const [rows] = conv2.weight.shape;
  return new HostArray(new Float32Array(rows).fill(1), [rows]);
};

/** Losses of some steps on the device and on the CPU. */
async function training(runtime: Runtime, { plan, threads }: Setting): Promise<void> {
  const { settings, batch, steps } = plan.trained;
  const config = applySettings(resolvePreset("emoji32-small"), [...settings, `training.batchSize=${batch}`]);
  const { resolution } = config.model;
  const losses = async (on: Runtime): Promise<number[]> => {
    const trainer = await Trainer.create(config, on, FRESH, initialState(config));
    const found: number[] = [];
    for (let step = 0; step < steps; step++) {
      const { images } = discs(batch, { resolution, start: step * batch });
      const labels = new Int32Array(0);
      const inputs = stepInputs(config, step, { images: fromBytes(images), labels }, on.traits);
      found.push((await trainer.step(inputs)).lossNats);
    }
    await trainer.dispose();
    return found;
  };
  const got = await losses(runtime);
  await using cpu = new Runtime({ threads });
  const want = await losses(cpu);
  const differences = want.map((loss, step) => Math.abs(got[step] / loss - 1));
  const at = [1, 10, 100, steps].filter((step) => step <= steps);
  for (const step of new Set(at)) {
    const [ours, reference] = [got, want].map((values) => values[step - 1].toFixed(2));
    const found = `${ours} nats, on the CPU ${reference}: off by ${formatPower(differences[step - 1])}`;
    add({ what: `loss of step ${step}`, found });
  }
  add({
    what: `loss of ${steps} steps`,
    found: `off by ${formatPower(Math.max(...differences))} at most`,
    data: { got, want },
  });
}

const checks = { device, golden, training };

const { check, ...setting } = JSON.parse(process.argv[2]) as CheckTask;
{
  await using runtime = new Runtime({
    device: "xla",
    xla: { plugin: setting.plugin, overrides: setting.plan.overrides },
  });
  await checks[check](runtime, setting);
}
process.disconnect();
