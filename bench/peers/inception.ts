/** @file Our features of the Inception network, as a competitor. */
import { readFileSync } from "node:fs";
import { Runtime } from "../../src/engine/index.js";
import { readSafetensors } from "../../src/io/tensors/safetensors.js";
import { inceptionExtractor } from "../../src/quality/inception/inception.js";
import type { FeaturesTask } from "../protocol.js";
import { inceptionWeights } from "./inception-inputs.js";
import { serve, timed } from "./serve.js";

await serve<FeaturesTask>(async ({ batch, resolution, threads, inputs }) => {
  const { tensors } = readSafetensors(readFileSync(inputs));
  const options = { resolution, batch, resize: "pytorch", runtime: new Runtime({ threads }) } as const;
  const [extractor, startMs] = await timed(() => inceptionExtractor(inceptionWeights(tensors), "", options));
  const images = tensors.get("images")!.data as Uint8Array;
  const meanOf = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    startMs,
    work: async () => {
      const { pooled, spatial, logits } = await extractor.extract({ images, count: batch, resolution });
      return [pooled, spatial!, logits!].map(meanOf);
    },
  };
});
