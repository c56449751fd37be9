import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkImages } from "./check-images.js";

const sound = { count: 2, resolution: 4, images: new Uint8Array(96), labels: Int32Array.of(0, 1) };
const file = join(mkdtempSync(join(tmpdir(), "strata-")), "images");
writeFileSync(file, new Uint8Array(100));

test.each([
  ["images and labels", {}],
  ["a Buffer", { images: Buffer.alloc(96) }],
  ["no labels", { labels: new Int32Array(0) }],
  ["none", { count: 0, images: new Uint8Array(0), labels: new Int32Array(0) }],
  ["a file that has them", { images: { path: file, offset: 4 } }],
])("%s: sound", (_, change) => {
  expect(() => checkImages({ ...sound, ...change })).not.toThrow();
});

test.each([
  ["too few bytes", { images: new Uint8Array(100), count: 10 }, "uint8 [10, 3, 4, 4], 480 bytes, got 100 bytes"],
  [
    "another type",
    { images: new Float32Array(96) },
    "in a Uint8Array or as { path, offset } of a file that holds them, got a Float32Array",
  ],
  ["clamped bytes", { images: new Uint8ClampedArray(96) }, "got a Uint8ClampedArray"],
  ["an array", { images: [1, 2] }, "got an Array"],
  ["nothing", { images: undefined }, "got undefined"],
  ["a count of another type", { count: "2" }, "got count 2"],
  ["a negative count", { count: -1 }, "got count -1"],
  ["half a pixel", { resolution: 4.5 }, "got resolution 4.5"],
  ["too few labels", { labels: Int32Array.of(0) }, "Expected a label for each of 2 images, or none at all, got 1"],
  ["labels of another type", { labels: [0, 1] }, "Expected the labels in an Int32Array, got an Array"],
  ["a file that is not there", { images: { path: `${file}-gone`, offset: 0 } }, "there is no such file"],
  ["a file that is too short", { images: { path: file, offset: 5 } }, "but the file ends at byte 100"],
])("%s: refused", (_, change, message) => {
  expect(() => checkImages({ ...sound, ...change } as never)).toThrow(message);
});
