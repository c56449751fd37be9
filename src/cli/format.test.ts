import { expect, test } from "vitest";
import { formatBytes, formatCount, formatDuration, formatPercent, formatShort } from "./format.js";

test("counts in groups of three, or short with a prefix", () => {
  expect(formatCount(45_365_958)).toBe("45,365,958");
  expect([0, 812, 1000, 45_365_958, 2.5e13].map(formatShort)).toEqual(["0", "812", "1 k", "45.4 M", "25 T"]);
});

test("bytes in binary units", () => {
  expect([0, 1023, 1024, 3 * 2 ** 30].map(formatBytes)).toEqual(["0 B", "1023 B", "1.0 KiB", "3.0 GiB"]);
});

test("durations in their two largest units", () => {
  const seconds = [4.21, 9.96, 65, 3599.6, 3700, Number.POSITIVE_INFINITY];
  expect(seconds.map(formatDuration)).toEqual(["4.2 s", "10 s", "1 min 5 s", "1 h 0 min", "1 h 2 min", "?"]);
});

test("shares as percentages", () => {
  expect(formatPercent(2 / 3)).toBe("66.7 %");
});
