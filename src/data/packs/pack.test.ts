import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { plain, temporaryFolder } from "../../../test/support/images.js";
import { UserError } from "../../errors.js";
import { WRITERS_PLACE } from "../../io/files/writer.js";
import { readSafetensors } from "../../io/tensors/safetensors.js";
import { imageReader, type Split } from "../image-set.js";
import type { Listing, SourceImage, SourceRecord } from "../sources/source.js";
import { writePack } from "./pack.js";
import { digestOfSet, readPack, splitOf } from "./pack-format.js";

const folder = await temporaryFolder();
const path = join(folder, "set.safetensors");
const source = { source: "a test", fingerprint: "f" };

/** A listing of 2×2 images whose bytes are their index, with every way in which a record can come. */
function listing(count: number, change: Partial<Listing> & { record?: (index: number) => SourceRecord } = {}): Listing {
  const images: SourceImage[] = Array.from({ length: count }, (_, index) => ({
    name: `${index}.png`,
    split: (["train", "test", "train", "validation", "train"] as const)[index % 5],
    label: index % 3,
  }));
  const record = change.record ?? ((index) => ({ pixels: new Uint8Array(12).fill(index), width: 2, height: 2 }));
  return {
    description: "a test",
    classes: ["a", "b", "c"],
    images,
    refused: [],
    async *read() {
      for (let i = 0; i < count; i++) {
        const index = (i * 7) % count; // in an order of its own
        yield { index, ...record(index) };
      }
    },
    [Symbol.asyncDispose]: async () => {},
    ...change,
  };
}

/** First byte and label of every image of a split. */
function contentOf(split: Split): [number, number | undefined][] {
  const set = splitOf(readPack(path), split, "test");
  const read = imageReader(set);
  return Array.from({ length: set.count }, (_, i) => [read(i)[0], set.labels[i]]);
}

test("every image comes to its split, in the order of names, with its label", async () => {
  const calls: number[] = [];
  await writePack(path, source, listing(20), { resolution: 2, onProgress: (done) => calls.push(done) });
  const expected = (remainders: number[]) =>
    Array.from({ length: 20 }, (_, i) => i)
      .filter((i) => remainders.includes(i % 5))
      .map((i) => [i, i % 3]);
  expect(contentOf("train")).toEqual(expected([0, 2, 4]));
  expect(contentOf("validation")).toEqual(expected([3]));
  expect(contentOf("test")).toEqual(expected([1]));
  expect(calls).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  expect(readdirSync(folder)).toEqual(["set.safetensors"]);
});

test("it is a safetensors file that says how it was made", () => {
  const { tensors } = readSafetensors(readFileSync(path));
  expect([...tensors].map(([name, { dtype, shape }]) => [name, dtype, shape]).slice(0, 3)).toEqual([
    ["images", "uint8", [20, 3, 2, 2]],
    ["labels", "int32", [20]],
    ["hashes", "uint8", [20, 16]],
  ]);
  const about = JSON.parse(Buffer.from(tensors.get("about")!.data as Uint8Array).toString());
  expect(about).toMatchObject({ source: "a test", fingerprint: "f", resolution: 2, classes: ["a", "b", "c"] });
  expect(about.resizing).toContain("box halvings");
});

test("a digest says whether two sets are the same, wherever they lie", async () => {
  const packed = splitOf(readPack(path), "train", "test");
  const { digest, ...unknown } = packed;
  expect(digestOfSet(unknown)).toBe(digest);
  const read = imageReader(packed);
  const images = Uint8Array.from(Array.from({ length: packed.count }, (_, i) => [...read(i)]).flat());
  expect(digestOfSet({ ...unknown, images })).toBe(digest);
  images[5]++;
  expect(digestOfSet({ ...unknown, images })).not.toBe(digest);
});

test("images that cannot be used leave no gap, and are named", async () => {
  const bad = [0, 3, 4, 5, 19, 11];
  const record = (index: number): SourceRecord =>
    bad.includes(index)
      ? { error: `${index} is bad` }
      : { pixels: new Uint8Array(12).fill(index), width: 2, height: 2 };
  const refused = [{ file: "link.png", reason: "a symbolic link" }];
  await writePack(path, source, listing(20, { record, refused }), { resolution: 2 });
  expect(contentOf("train")).toEqual([2, 7, 9, 10, 12, 14, 15, 17].map((i) => [i, i % 3]));
  expect(contentOf("validation")).toEqual([8, 13, 18].map((i) => [i, i % 3]));
  expect(contentOf("test")).toEqual([1, 6, 16].map((i) => [i, i % 3]));
  const { skipped } = readPack(path).about;
  expect(skipped.map(({ file }) => file)).toEqual(["link.png", ..."0 4 5 19 3 11".split(" ").map((i) => `${i}.png`)]);
  expect(skipped[1].reason).toBe("0 is bad");
});

test("encoded images are decoded, images of another size resized", async () => {
  const png = await plain([9, 9, 9], 8).png().toBuffer();
  const record = (index: number): SourceRecord =>
    index === 0
      ? { encoded: png }
      : index === 1
        ? { encoded: Buffer.from("no image") }
        : { pixels: new Uint8Array(48).fill(index), width: 4, height: 4 };
  await writePack(path, source, listing(5, { record, classes: [] }), { resolution: 2 });
  expect(contentOf("train")).toEqual([9, 2, 4].map((byte) => [byte, undefined]));
  expect(readPack(path).about.skipped).toEqual([
    { file: "1.png", reason: "expected JPEG, PNG, WebP, GIF, AVIF or TIFF, got text" },
  ]);
});

test("test images may be watched in training too", async () => {
  const images: SourceImage[] = Array.from({ length: 6 }, (_, i) => ({
    name: `${i}`,
    split: i < 2 ? "train" : "test",
    ...(i === 4 ? { alsoValidation: true } : {}),
  }));
  await writePack(path, source, listing(6, { images, classes: [] }), { resolution: 2 });
  expect(contentOf("validation").map(([byte]) => byte)).toEqual([4]);
  expect(contentOf("test").map(([byte]) => byte)).toEqual([4, 2, 3, 5]);
});

test("an interruption leaves what was there", async () => {
  const before = readFileSync(path);
  const stop = new AbortController();
  const onProgress = (done: number) => done === 3 && stop.abort(new Error("enough"));
  const work = writePack(path, source, listing(20), { resolution: 2, signal: stop.signal, onProgress });
  await expect(work).rejects.toThrow("enough");
  expect(readFileSync(path).equals(before)).toBe(true);
  expect(readdirSync(folder)).toEqual(["set.safetensors"]);
});

test("what a killed process left half written goes away, what a living one writes stays", async () => {
  const gone = Number(execFileSync(process.execPath, ["-p", "process.pid"]));
  const host = WRITERS_PLACE;
  const writers = [`.set.safetensors.${host}-${gone}-0`, `.other.safetensors.${host}-${gone}-7`]; // of another source too
  writers.push(`.set.safetensors.${host}-${process.ppid}-0`, `.set.safetensors.elsewhere-${gone}-0`);
  const files = writers.map((name) => join(folder, `${name}.writing`));
  for (const file of files) writeFileSync(file, "half");
  await writePack(path, source, listing(5), { resolution: 2 });
  expect(files.map((file) => existsSync(file))).toEqual([false, false, true, true]);
  for (const file of files) rmSync(file, { force: true });
});

test("two that write the same pack at once do not disturb each other", async () => {
  await Promise.all([1, 2].map(() => writePack(path, source, listing(20), { resolution: 2 })));
  expect(contentOf("validation")).toEqual([3, 8, 13, 18].map((i) => [i, i % 3]));
  expect(readdirSync(folder)).toEqual(["set.safetensors"]);
});

test("a place that cannot be written, or has no room, is named with what to do", async () => {
  const below = writePack(join(path, "set.safetensors"), source, listing(5), { resolution: 2 });
  await expect(below).rejects.toThrow(UserError);
  await expect(below).rejects.toThrow(/cannot be made: .*STRATA_CACHE_DIR/);
  const huge = { ...listing(5), images: { length: 2 ** 40 } as unknown as SourceImage[] };
  const work = writePack(path, source, huge, { resolution: 64 });
  await expect(work).rejects.toThrow(/Expected 12\.\d PiB of free space in .* STRATA_CACHE_DIR/);
});

test.each([
  ["cut off", (bytes: Buffer) => bytes.subarray(0, 4200), "ends at"],
  ["labels changed", (bytes: Buffer) => flipped(bytes, 4096 + 5 * 12), "labels or hashes are damaged"],
  [
    "labels of another type",
    (bytes: Buffer) => replaced(bytes, '"I32","shape":[5]', '"U8","shape":[20]'),
    "no labels of type int32",
  ],
  ["another file", () => Buffer.from("no pack at all"), "Expected a whole safetensors file"],
])("a pack that is damaged is refused: %s", async (_, damage, message) => {
  await writePack(path, source, listing(5), { resolution: 2 });
  writeFileSync(path, damage(readFileSync(path)));
  expect(() => readPack(path)).toThrow(message);
});

test("a pack that cannot be read is refused", () => {
  expect(() => readPack(join(folder, "nothing"))).toThrow(
    /^Expected packed images in .*, but it cannot be read \(ENOENT/,
  );
});

function replaced(bytes: Buffer, from: string, to: string): Buffer {
  const at = bytes.indexOf(from);
  expect(at).toBeGreaterThan(0);
  const header = bytes.toString("latin1", 8, 4096).replace(from, to).padEnd(4088).slice(0, 4088);
  bytes.write(header, 8, "latin1");
  return bytes;
}

function flipped(bytes: Buffer, at: number): Buffer {
  bytes[at] ^= 1;
  return bytes;
}
