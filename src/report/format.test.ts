import { expect, test } from "vitest";
import {
  formatCount,
  formatDuration,
  formatFixed,
  formatShare,
  formatShort,
  formatSignificant,
  formatSpread,
} from "./format.js";

test.each([
  [formatCount(45_365_958), "45,365,958"],
  [formatShort(45_365_958), "45.4 M"],
  [formatShort(198_515_142), "199 M"],
  [formatShort(812_345), "812 k"],
  [formatShort(999_951), "1.0 M"],
  [formatShort(9_999), "9,999"],
  [formatShort(10_240), "10.2 k"],
  [formatFixed(2.345, 2), "2.35"],
  [formatSignificant(37.04), "37.0"],
  [formatSignificant(1234.5), "1235"],
  [formatSignificant(0.4912), "0.491"],
  [formatSignificant(-0.00123), "-0.00123"],
  [formatSignificant(0), "0.00"],
  [formatSignificant(4e-9), "0.000000"],
  [formatSpread({ value: 37.04, deviation: 0.321 }), "37.0 ± 0.3"],
  [formatSpread({ value: 0.49 }), "0.490"],
  [formatShare(0.0123), "1.2 %"],
  [formatShare(0.456), "46 %"],
  [formatDuration(4.23), "4.2 s"],
  [formatDuration(59.6), "1 min 0 s"],
  [formatDuration(588), "9 min 48 s"],
  [formatDuration(5025), "1 h 24 min"],
  [formatDuration(7199), "2 h 0 min"],
  [formatDuration(47 * 3600), "47 h 0 min"],
  [formatDuration(432_000), "5 days"],
])("%s", (written, expected) => {
  expect(written).toBe(expected);
});

test("what is not finite is a dash", () => {
  for (const format of [formatSignificant, formatCount, formatShort, formatShare, formatDuration])
    expect(format(Number.NaN)).toBe("–");
  expect(formatFixed(Number.POSITIVE_INFINITY, 1)).toBe("–");
});
