/** @file Nothing that a file contains ends the process, takes it hostage or fills its memory. */
import { afterAll, expect, test } from "vitest";
import { hostileImages, validImages } from "../../../test/support/hostile-images.js";
import { inspectImage } from "../scanning/inspect-image.js";
import { decodeImage } from "./decode.js";

const table = await hostileImages();
const valid = await validImages();
const formats = Object.keys(valid);

/** What a decoded image takes at the limit, and what Node and the table take. */
const MOST_MEGABYTES = 1300;
const LONGEST_MS = 20_000;

afterAll(() => expect(process.resourceUsage().maxRSS / 1024).toBeLessThan(MOST_MEGABYTES));

test.each(table)("$name", async ({ bytes, refusal }) => {
  const startMs = performance.now();
  if (refusal) {
    await expect(inspectImage(bytes)).rejects.toThrow(refusal);
    await expect(decodeImage(bytes, 16)).rejects.toThrow(refusal);
  } else {
    const { width, height } = await inspectImage(bytes);
    expect(Math.min(width, height)).toBeGreaterThan(0);
    expect(await decodeImage(bytes, 16)).toHaveLength(3 * 16 * 16);
  }
  expect(performance.now() - startMs).toBeLessThan(LONGEST_MS);
});

/** The message of what was thrown, which must be one line, or undefined where an image came of it. */
const refusalOf = (bytes: Uint8Array): Promise<string | undefined> =>
  decodeImage(bytes, 8).then(
    (pixels) => {
      expect(pixels).toHaveLength(3 * 8 * 8);
      return undefined;
    },
    (error: Error) => {
      expect(error.message).toMatch(/^(cannot be decoded: |expected ).+$/);
      return error.message;
    },
  );

test.each(formats)("%s cut off anywhere", async (format) => {
  const bytes = valid[format];
  expect(await refusalOf(bytes)).toBeUndefined();
  const cuts = Array.from({ length: 40 }, (_, i) => Math.floor((bytes.length * i) / 40));
  const refusals = await Promise.all(cuts.map((cut) => refusalOf(bytes.subarray(0, cut))));
  expect(refusals.filter((refusal) => refusal !== undefined).length).toBeGreaterThan(
    format === "animated png" ? 10 : 38,
  );
});

test.each(formats)("%s with any byte changed", async (format) => {
  let state = 7;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let i = 0; i < 100; i++) {
    const bytes = Buffer.from(valid[format]);
    for (let changes = 0; changes <= i % 4; changes++) bytes[random(bytes.length)] = random(256);
    await refusalOf(bytes);
  }
});
