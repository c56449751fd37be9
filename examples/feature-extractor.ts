/**
 * @file Measures samples with features of your own: here the colours of a picture, whatever its shapes.
 *
 *     npx tsx examples/feature-extractor.ts [count]
 */
import { openData, openRun, Sampler } from "strata-vae";
import { type FeatureExtractor, measureFeatures, sampleQuality, streamSamples, streamSet } from "strata-vae/metrics";

const [count = "64"] = process.argv.slice(2);

const BINS = 4;

/** How many pixels of a picture have each of 4³ colours. Any network of yours can stand here. */
const colours: FeatureExtractor = {
  name: "colours",
  identity: `colour histogram, ${BINS} levels`,
  width: BINS ** 3,
  async extract({ images, count, resolution }, signal) {
    const plane = resolution ** 2;
    const pooled = new Float32Array(count * this.width);
    for (let image = 0; image < count; image++) {
      signal?.throwIfAborted();
      for (let pixel = 0; pixel < plane; pixel++) {
        const levels = [0, 1, 2].map((channel) =>
          Math.floor((BINS * images[(image * 3 + channel) * plane + pixel]) / 256),
        );
        pooled[image * this.width + levels.reduce((bin, level) => bin * BINS + level)] += 1 / plane;
      }
    }
    return { pooled };
  },
  async dispose() {},
};

const { train } = await openData("emoji", { resolution: 32 });
const reference = await measureFeatures(streamSet(train), colours);
await using sampler = new Sampler(await openRun("pretrained:emoji32"));
for (const temperature of [0.6, 1]) {
  const samples = streamSamples(sampler, { count: Number(count), seed: 1, temperature });
  const { values } = await sampleQuality(samples, {
    extractor: colours,
    reference,
    metrics: ["fid", "precision", "recall"],
  });
  console.log(
    `temperature ${temperature}: ${values.map(({ name, value }) => `${name} ${value.toFixed(4)}`).join(", ")}`,
  );
}
