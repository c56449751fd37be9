import { afterAll, beforeAll, expect, test } from "vitest";
import { discs, tinyModel } from "../../test/support/tiny.js";
import { Runtime } from "../engine/index.js";
import { Sampler } from "../inference/sampling/sampler.js";
import { collectFirst, firstOfStream, streamImages, streamSamples, tap } from "./image-streams.js";

let runtime: Runtime;
beforeAll(() => {
  runtime = new Runtime({ threads: 1 });
});
afterAll(() => runtime.dispose());

test("samples drawn in parts are those drawn at once, labels too", async () => {
  const model = tinyModel({ model: { classes: 4 } });
  const sampler = new Sampler(model, { batch: 32, runtime });
  const options = { count: 300, seed: 5 };
  const whole = await sampler.sample(options);
  const shown = collectFirst(10, sampler.resolution);
  const stream = tap(streamSamples(sampler, options), shown.look);
  const parts = [];
  for await (const part of stream.parts) parts.push(part);
  await sampler.dispose();
  expect(parts.map(({ count }) => count)).toEqual([256, 44]);
  expect(Buffer.concat(parts.map(({ images }) => images)).equals(whole.images)).toBe(true);
  expect(parts.flatMap(({ labels }) => [...labels])).toEqual([...whole.labels]);
  expect(shown.pictures.images).toEqual(whole.images.subarray(0, shown.pictures.images.length));
});

test("the first images of a stream end amid a part, or with the stream", async () => {
  const images = discs(300);
  const { count, parts } = firstOfStream(streamImages(images), 260);
  expect(count).toBe(260);
  const taken = [];
  for await (const part of parts) taken.push(part);
  expect(taken.map((part) => part.count)).toEqual([256, 4]);
  expect(taken[1].images).toEqual(images.images.subarray(256 * 192, 260 * 192));
  expect(firstOfStream(streamImages(images), 1000).count).toBe(300);
});
