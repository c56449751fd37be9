import { expect, test } from "vitest";
import { formatSpread } from "./spread.js";

test("a mean stands with its deviation, of as many decimals", () => {
  expect(formatSpread({ value: 37.04, deviation: 0.321 })).toBe("37.0 ± 0.3");
  expect(formatSpread({ value: 0.49 })).toBe("0.490");
});
