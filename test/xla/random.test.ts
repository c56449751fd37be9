/** @file Random numbers that XLA draws: the bits of the host, and its normal numbers to rounding. */
import type { numpy as np } from "@jax-js/jax";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compile, type Runtime, spec } from "../../src/engine/index.js";
import { foldIn, normal } from "../../src/engine/random.js";
import { normalNoise } from "../../src/latents/noise.js";
import { foldIn as foldHostKey, type Key, keyFromSeed } from "../../src/random/index.js";
import { xlaPlugins } from "../support/pjrt.js";
import { openXlaRuntime } from "../support/test-runtime.js";

const [plugin] = xlaPlugins(process.env);
const images = [0, 1, 2, 300_000];
const shapes = [[4096], [3, 5, 7]];

describe.runIf(plugin.path)(`random numbers on XLA (${plugin.name}), on two devices`, () => {
  let xla: Runtime;
  beforeAll(() => {
    xla = openXlaRuntime(2);
  });
  afterAll(() => xla.dispose());

  test("keys are the host's, normal numbers too but for rounding", async () => {
    const draw = (keys: np.Array) => ({
      keys: foldIn(keys, 2 ** 31 - 1),
      noise: shapes.map((shape, group) => normal(foldIn(keys, group), shape)),
    });
    const options = { runtime: xla, divided: [true], outputDtypes: { keys: "int32" } } as const;
    await using program = await compile(draw, [spec([images.length, 2], "int32")], options);
    const stream: Key = keyFromSeed(3);
    const keys = images.map((image) => foldHostKey(stream, image));
    const drawn = await program.run(Int32Array.from(keys.flat()));
    expect(drawn.keys).toEqual(Int32Array.from(keys.flatMap((key) => foldHostKey(key, 2 ** 31 - 1))));
    const expected = normalNoise(stream, images, shapes);
    for (const [group, noise] of drawn.noise.entries()) {
      const worst = noise.reduce((most, z, i) => Math.max(most, Math.abs(z - expected[group][i])), 0);
      expect(worst).toBeLessThan(1e-6);
    }
  });
});
