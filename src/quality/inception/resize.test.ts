/** Resizing against numbers computed in float64. */
import type { numpy as np } from "@jax-js/jax";
import { afterAll, describe, expect, test } from "vitest";
import "../../../test/support/all-close.js";
import { readGolden } from "../../../test/support/golden.js";
import { compile, Runtime, spec } from "../../engine/index.js";
import { interpolation, type ResizeConvention, resizeForInception } from "./resize.js";

const golden = readGolden("inception/expected.safetensors");
const images = readGolden("inception/images_u8.safetensors");

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

describe.each<[ResizeConvention, string]>([
  ["tensorflow", "tf1"],
  ["pytorch", "pytorch_fid"],
])("as %s does", (convention, prefix) => {
  test.each([
    [32, 0],
    [64, 6],
  ])("images of %i²", async (size, first) => {
    const { shape, data } = images(`images${size}`);
    const program = await compile((x: np.Array) => [resizeForInception(x, convention)], [spec(shape)], { runtime });
    const [resized] = (await program.run(Float32Array.from(data))) as [Float32Array];
    await program.dispose();
    const coordinates = golden("resized.coords").data;
    const samples = Array.from({ length: shape[0] * 16 * 3 }, (_, place) => {
      const [image, sample, channel] = [Math.floor(place / 48), Math.floor(place / 3) % 16, place % 3];
      const [y, x] = coordinates.subarray(2 * sample, 2 * sample + 2);
      return resized[((image * 3 + channel) * 299 + y) * 299 + x];
    });
    const expected = golden(`${prefix}.resized.samples`).data.subarray(first * 48, (first + shape[0]) * 48);
    expect(samples).toBeAllClose(expected, { rtol: 0, atol: 1e-5 });
    const means = Array.from({ length: shape[0] * 3 }, (_, plane) => {
      return resized.subarray(plane * 299 ** 2, (plane + 1) * 299 ** 2).reduce((sum, x) => sum + x, 0) / 299 ** 2;
    });
    const wanted = golden(`${prefix}.resized.mean`).data.subarray(first * 3, (first + shape[0]) * 3);
    expect(means).toBeAllClose(wanted, { rtol: 0, atol: 1e-5 });
  });

  test("a line's weights sum to 1, and an image of 299 pixels stays as it is", () => {
    const matrix = interpolation(32, convention);
    for (let i = 0; i < 299; i++) {
      expect(matrix.subarray(32 * i, 32 * (i + 1)).reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 6);
    }
    const own = interpolation(299, convention);
    for (let i = 0; i < 299; i++) expect(own[299 * i + i]).toBeCloseTo(1, 6);
  });
});
