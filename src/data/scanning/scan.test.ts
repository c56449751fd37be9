import { expect, test } from "vitest";
import { halves, moving, plain, pngClaiming } from "../../../test/support/images.js";
import type { Split } from "../image-set.js";
import type { Listing, SourceContent } from "../sources/source.js";
import { scan } from "./scan.js";

const grey = (size: number, height = size) => plain([9, 9, 9], size, height).png().toBuffer();
const signal = new AbortController().signal;

const squareOf = ({ length }: Uint8Array) => ({ width: Math.sqrt(length / 3), height: Math.sqrt(length / 3) });

/** A listing in memory; what is a string is an error. */
function listingOf(
  images: { name: string; split?: Split; label?: number; content: Uint8Array | string | { pixels: Uint8Array } }[],
  rest: Partial<Listing> = {},
): Listing {
  async function* read(): AsyncGenerator<SourceContent> {
    for (const [index, { content }] of images.entries()) {
      if (typeof content === "string") yield { index, error: content };
      else if (content instanceof Uint8Array) yield { index, encoded: content };
      else yield { index, pixels: content.pixels, ...squareOf(content.pixels) };
    }
  }
  const named = images.map(({ name, split = "train", label }) => ({ name, split, label }));
  return {
    description: "a listing in memory",
    classes: [],
    images: named,
    refused: [],
    read,
    [Symbol.asyncDispose]: async () => {},
    ...rest,
  };
}

test("everything unusual is counted and named, and what cannot be used is not counted otherwise", async () => {
  const picture = await halves([200, 0, 0], [0, 0, 200], 40).png().toBuffer();
  const summary = await scan(
    listingOf(
      [
        { name: "a.png", label: 0, content: picture },
        { name: "b.png", label: 0, split: "test", content: picture },
        { name: "c.png", label: 1, content: await grey(40, 100) },
        {
          name: "d.gif",
          label: 1,
          content: await moving(
            [
              [9, 9, 99],
              [99, 9, 9],
            ],
            40,
          )
            .gif()
            .toBuffer(),
        },
        { name: "e.png", label: 1, content: "no such file" },
        { name: "f.png", label: 1, content: await pngClaiming(50_000, 50_000) },
        { name: "g.png", label: 1, content: picture.subarray(0, 99) },
        { name: "h", label: 0, split: "validation", content: { pixels: Uint8Array.of(1, 200, 3) } },
      ],
      { classes: ["red", "blue"], refused: [{ file: "link", reason: "a symbolic link" }] },
    ),
    { signal },
  );
  expect(summary).toMatchObject({
    usable: 5,
    splits: { train: 3, validation: 1, test: 1 },
    classes: [
      { name: "red", count: 3 },
      { name: "blue", count: 2 },
    ],
    formats: { png: 3, gif: 1, pixels: 1 },
    sizes: [
      { width: 40, height: 40, count: 3 },
      { width: 40, height: 100, count: 1 },
      { width: 1, height: 1, count: 1 },
    ],
    otherSizes: 0,
    shorterSide: { least: 1, median: 40, most: 40 },
    small: 1,
    duplicatesAcrossSplits: 1,
    refused: { count: 1, files: [{ file: "link", note: "a symbolic link" }] },
  });
  expect(summary.cropLoss).toBeCloseTo(0.6 / 5);
  const named = Object.entries(summary.kinds).flatMap(([kind, { count, files }]) =>
    files.map(({ file, note }) => [count, kind, file, note]),
  );
  expect(named).toEqual([
    [2, "unreadable", "e.png", "no such file"],
    [2, "unreadable", "g.png", expect.stringContaining("cannot be decoded")],
    [1, "oversized", "f.png", "expected at most 134 megapixels, got 50000×50000"],
    [1, "duplicate", "b.png", "the same as a.png"],
    [1, "animated", "d.gif", "2 pictures"],
    [1, "grey", "c.png", undefined],
    [1, "wide", "c.png", "40×100"],
  ]);
});

test("a thousand of a kind are named, all are counted; sizes beyond the first five are summed", async () => {
  const pixels = (index: number) => new Uint8Array(3 * (1 + (index % 7)) ** 2).fill(index);
  const images = Array.from({ length: 1500 }, (_, i) => ({ name: `${i}`, content: { pixels: pixels(i) } }));
  const { kinds, sizes, otherSizes, usable } = await scan(listingOf(images), { signal });
  expect([usable, kinds.grey.count, kinds.grey.files.length]).toEqual([1500, 1500, 1000]);
  expect(sizes).toHaveLength(5);
  expect(sizes[0]).toEqual({ width: 1, height: 1, count: 215 });
  expect(otherSizes).toBe(2);
});

test("a class none of whose files can be decoded is none, and what is guessed and not used is passed on", async () => {
  const picture = await grey(8);
  const images = [
    { name: "a.png", label: 0, content: picture },
    { name: "b.png", label: 1, content: "damaged" },
    { name: "c.png", label: 2, content: picture },
  ];
  const unused = [{ what: "HEIC file", count: 1, files: ["d.heic"] }];
  const summary = await scan(listingOf(images, { classes: ["a", "b", "c", "d"], unused, notices: ["A guess."] }), {
    signal,
  });
  expect(summary.classes).toEqual([
    { name: "a", count: 1 },
    { name: "c", count: 1 },
    { name: "d", count: 0 }, // nothing was listed for it
  ]);
  expect(summary).toMatchObject({
    unused,
    notices: ["A guess.", expect.stringMatching(/^No file of b can be decoded/)],
  });
});

test("an empty listing has nothing", async () => {
  const summary = await scan(listingOf([]), { signal });
  expect(summary).toMatchObject({ usable: 0, cropLoss: 0, shorterSide: { least: 0, median: 0, most: 0 } });
});

test("stops when told to, with the reason given, and tells how far it is", async () => {
  const stop = new AbortController();
  const calls: number[] = [];
  const images = Array.from({ length: 50 }, (_, i) => ({ name: `${i}`, content: { pixels: Uint8Array.of(i, 0, 0) } }));
  const onProgress = (done: number) => {
    calls.push(done);
    if (done === 5) stop.abort(new Error("enough"));
  };
  await expect(scan(listingOf(images), { signal: stop.signal, onProgress })).rejects.toThrow("enough");
  expect(calls).toEqual([1, 2, 3, 4, 5]);
});

test("a file that is too large to be read is oversized, not unreadable", async () => {
  const error = "it has 300000000 bytes; at most 256000000 are read";
  const { kinds } = await scan(
    listingOf([{ name: "a.png", content: "" }], {
      async *read() {
        yield { index: 0, error, tooLarge: true };
      },
    }),
    { signal },
  );
  expect(kinds.oversized).toEqual({ count: 1, files: [{ file: "a.png", note: error }] });
  expect(kinds.unreadable.count).toBe(0);
});
