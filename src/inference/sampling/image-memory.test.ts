import { expect, test } from "vitest";
import { checkImageMemory } from "./image-memory.js";

test("images that do not fit into memory are refused, those that just fit are not", () => {
  const bytes = 2 * 1000 * 3 * 32 ** 2;
  expect(() => checkImageMemory(1000, 32, bytes)).not.toThrow();
  expect(() => checkImageMemory(1000, 32, bytes - 1)).toThrow("1,000 of 32×32 take 5.9 MiB of the 5.9 MiB there are");
  expect(() => checkImageMemory(10_000_000, 64, 16 * 2 ** 30)).toThrow(
    "10,000,000 of 64×64 take 229 GiB of the 16.0 GiB there are. Draw fewer at a time",
  );
});
