import { expect, test } from "vitest";
import { formatBytes } from "./format.js";

test("bytes in binary units", () => {
  expect([0, 1023, 1024, 3 * 2 ** 30].map(formatBytes)).toEqual(["0 B", "1023 B", "1.0 KiB", "3.0 GiB"]);
});
