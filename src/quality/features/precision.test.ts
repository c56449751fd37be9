/** Networks that measure compute to all digits, whatever the precision that a model is to compute with. */
import type { numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import { discs } from "../../../test/support/tiny.js";
import { compile, deviceTraits, map, type Runtime, spec } from "../../engine/index.js";
import { ClassifierExtractor } from "../classifier/classifier-extractor.js";
import { examplesOf } from "../classifier/examples.js";
import { type Classifier, classifierSpecs, classify, initialClassifier } from "../classifier/network.js";
import { trainClassifier } from "../classifier/training.js";
import { inceptionExtractor } from "../inception/inception.js";
import { inceptionSpecs } from "../inception/network.js";

/** A runtime of XLA's that loads programs and runs none. */
function recorder(precision: Runtime["precision"]): { runtime: Runtime; programs: string[] } {
  const programs: string[] = [];
  const runtime = {
    ...{ device: "xla", precision, traits: deviceTraits.xla, closed: false },
    describe: async () => ({ devices: [{ kind: "test" }] }),
    load: async ({ code }: { code: Uint8Array }) => ({ number: programs.push(new TextDecoder().decode(code)) }),
    unload: async () => {},
    put: () => ({ dispose: () => {} }),
    nextId: () => 0,
    request: () => Promise.reject(new Error("nothing runs here")),
  };
  return { runtime: runtime as unknown as Runtime, programs };
}

const weights = initialClassifier(2, 0);

const networks: [string, (runtime: Runtime) => Promise<unknown>][] = [
  ["the classifier", (runtime) => ClassifierExtractor.create(weights, { resolution: 8, tells: "classes", runtime })],
  [
    "the classifier's training",
    (runtime) =>
      trainClassifier(examplesOf(discs(4, { labels: true }), 0), { steps: 1, seed: 0, runtime }).catch(() => {}),
  ],
  [
    "Inception",
    (runtime) => {
      const zeros = map(inceptionSpecs(), ({ size }) => new Float32Array(size));
      return inceptionExtractor(zeros, "0", { resolution: 32, batch: 1, runtime });
    },
  ],
];

const ROUNDED = /bf16|precision DEFAULT/;

test.each(networks)("%s computes in float32 where the model does not", async (_, open) => {
  const { runtime, programs } = recorder("bfloat16");
  await open(runtime);
  expect(programs).toHaveLength(1);
  expect(ROUNDED.test(programs[0])).toBe(false); // megabytes are not to be printed
});

test("another program has the precision of its runtime", async () => {
  const { runtime, programs } = recorder("bfloat16");
  const fn = (parameters: Classifier<np.Array>, images: np.Array) => classify(parameters, images);
  await compile(fn, [classifierSpecs(2), spec([4, 3, 8, 8])], { runtime });
  expect(ROUNDED.test(programs[0])).toBe(true);
});
