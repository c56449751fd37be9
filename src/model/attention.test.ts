import { numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import "../../test/support/all-close.js";
import { readGoldenJson } from "../../test/support/golden.js";
import { attention, attentionPlaces, evenlySpaced } from "./attention.js";

const golden = readGoldenJson("schedule.json");

test("places equal every golden list, halves rounded to even", () => {
  for (const { N, K, result } of golden.get_evenly_spaced_indices)
    expect(evenlySpaced(N, K), `${K} in ${N}`).toEqual(result);
});

test("places of the published models", () => {
  const { imagenet32 } = golden.published_attention_positions;
  expect(attentionPlaces(16, 3).generator).toEqual(
    imagenet32.decoder_after_layer_1based[1].map((place: number) => place - 1),
  );
  expect(attentionPlaces(12, 3).encoder).toEqual(imagenet32.encoder_after_block_0based[1]);
});

test("a place that no block has holds no layer, and equal places hold one", () => {
  expect(attentionPlaces(1, 1)).toEqual({ encoder: [0], generator: [] });
  expect(attentionPlaces(2, 2)).toEqual({ encoder: [1], generator: [0] });
});

test("attention is softmax(q xᵀ / √C) x, projected and added", () => {
  const [c, h, w] = [2, 1, 3];
  const x = [0.5, -1, 2, 1, 0.3, -0.7]; // [C, T]
  const wq = [1, -0.5, 0.2, 0.8];
  const wo = [0.3, 1, -1, 0.4];
  const [bq, bo] = [
    [0.1, -0.2],
    [0.05, 0.5],
  ];
  const token = (t: number) => [x[t], x[3 + t]];
  const apply = (m: number[], b: number[], v: number[]) => [
    m[0] * v[0] + m[1] * v[1] + b[0],
    m[2] * v[0] + m[3] * v[1] + b[1],
  ];
  const expected = [0, 1, 2].map((t) => {
    const q = apply(wq, bq, token(t));
    const weights = [0, 1, 2].map((s) => Math.exp((q[0] * token(s)[0] + q[1] * token(s)[1]) / Math.sqrt(2)));
    const total = weights[0] + weights[1] + weights[2];
    const mixed = [0, 1].map((i) => [0, 1, 2].reduce((sum, s) => sum + (weights[s] / total) * token(s)[i], 0));
    return apply(wo, bo, mixed).map((value, i) => value + token(t)[i]);
  });
  const parameters = {
    query: { weight: np.array(wq).reshape([c, c]), bias: np.array(bq) },
    output: { weight: np.array(wo).reshape([c, c]), bias: np.array(bo) },
  };
  const result = attention(parameters, np.array(x).reshape([1, c, h, w]))
    .reshape([c, 3])
    .transpose();
  expect(result.js()).toBeAllClose(expected);
});
