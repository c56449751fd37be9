import { describe, expect, test } from "vitest";
import "../../../test/support/all-close.js";
import { readGolden, readGoldenJson } from "../../../test/support/golden.js";
import { inceptionScore } from "./inception-score.js";

const softmax = readGolden("metrics.safetensors")("softmax").data as Float32Array;
const golden = readGoldenJson("metrics.json").is;

describe("against the fixtures", () => {
  test("one part, since all are fewer than 5,000", () => {
    const { score, parts, standardDeviation } = inceptionScore(softmax, 10);
    expect(score).toBeCloseTo(golden.split5000.score, 6); // the stored probabilities sum to 1 to seven digits
    expect([parts.length, standardDeviation]).toEqual([1, 0]);
  });

  test("parts of 500, the last of 200", () => {
    const { score, parts, standardDeviation } = inceptionScore(softmax, 10, { split: 500 });
    expect(parts).toBeAllClose(golden.split500.parts, { rtol: 1e-7, atol: 0 });
    expect(score).toBeCloseTo(golden.split500.score, 6);
    const variance = parts.reduce((sum, part) => sum + (part - score) ** 2, 0) / 3;
    expect(standardDeviation).toBeCloseTo(Math.sqrt(variance), 12);
  });
});

describe("at its limits", () => {
  test("sure of each picture, and all classes alike: the number of classes, with zeros among the probabilities", () => {
    const values = Float32Array.from({ length: 40 * 4 }, (_, at) => Number(Math.floor(at / 4) % 4 === at % 4));
    expect(inceptionScore(values, 4).score).toBeCloseTo(4, 14);
  });

  test("sure of each picture, and all of one class, or sure of nothing: 1", () => {
    expect(inceptionScore(Float32Array.of(0, 1, 0, 1, 0, 1), 2).score).toBe(1);
    expect(inceptionScore(new Float32Array(30).fill(0.1), 10).score).toBeCloseTo(1, 14);
  });
});

test("logits give what their softmax gives, far from zero too", () => {
  const logits = Float64Array.from(softmax, (p, at) => Math.log(p) + 700 * Math.sin(Math.floor(at / 10)));
  const { parts } = inceptionScore(logits, 10, { from: "logits", split: 500 });
  expect(parts).toBeAllClose(golden.split500.parts, { rtol: 1e-7, atol: 0 });
});

test("what are no probabilities is refused", () => {
  expect(() => inceptionScore(Float32Array.of(0.5, 0.5, 2, 3), 2)).toThrow(
    "Expected probabilities that sum to 1, got a sum of 5 for picture 1. Are these logits",
  );
  expect(() => inceptionScore(Float32Array.of(-1, 2), 2)).toThrow(
    "Expected probabilities, got -1 for picture 0, class 0.",
  );
  expect(() => inceptionScore(Float32Array.of(Number.NaN, 2), 2)).toThrow("got a sum of NaN for picture 0");
  const broken = Float32Array.of(0, 1, Number.NaN, 2);
  expect(() => inceptionScore(broken, 2, { from: "logits" })).toThrow(
    "Expected finite logits, got others for picture 1.",
  );
  expect(() => inceptionScore(new Float32Array(3), 2)).toThrow("Expected rows of 2 classes, got 3 numbers.");
  expect(() => inceptionScore(new Float32Array(0), 2)).toThrow("expected at least 1 picture, got none");
});
