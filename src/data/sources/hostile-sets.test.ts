/** @file Files of published forms that are damaged, or lie: one error that says so, whatever they claim. */
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { tarOf } from "../../../test/support/archives.js";
import { temporaryFolder, writeFiles } from "../../../test/support/images.js";
import { UserError } from "../../errors.js";
import { encodeNpz } from "../../io/numpy/npz.js";
import { sourceOf } from "./index.js";
import type { Reading } from "./reading.js";

const folder = await temporaryFolder();
let sets = 0;
const written = (files: Record<string, Uint8Array | string>) => writeFiles(join(folder, `${sets++}`), files);

async function everything(source: string, reading?: Reading) {
  await using listing = await sourceOf(source, reading).list();
  for await (const _ of listing.read()) {
  }
}

const idx = (shape: number[], bytes: number, type = 8) =>
  Buffer.concat([
    Buffer.from([0, 0, type, shape.length]),
    ...shape.map((size) => Buffer.from(Uint32Array.of(size).buffer).swap32()),
    Buffer.alloc(bytes),
  ]);
const npz = (shape: number[], dtype: "uint8" | "float32" = "uint8") => {
  const size = shape.reduce((product, each) => product * each, 1);
  const data = dtype === "uint8" ? new Uint8Array(size) : new Float32Array(size);
  return Buffer.concat(encodeNpz({ pictures: { dtype, shape, data } }));
};
const tar = (files: Record<string, string>) =>
  tarOf(Object.entries(files).map(([name, content]) => ({ name, content })));
const images = "train-images-idx3-ubyte";
const bomb = gzipSync(Buffer.alloc(2 ** 26));

test.each<[what: string, kind: string, files: Record<string, Uint8Array | string>, problem: string, reading?: Reading]>(
  [
    [
      "IDX of more images than bytes",
      "idx",
      { [images]: idx([2 ** 32 - 1, 8, 8], 64) },
      "its shape [4294967295,8,8] needs",
    ],
    ["IDX of fewer", "idx", { [images]: idx([1, 8, 8], 65) }, "more than 64 bytes"],
    ["IDX of huge rows", "idx", { [images]: idx([1, 65536, 65536], 64) }, "rows of 4294967296 bytes; at most"],
    ["IDX of no type", "idx", { [images]: idx([1, 8, 8], 64, 7) }, "begins with the bytes 00000703"],
    ["IDX of floats", "idx", { [images]: idx([1, 4, 4], 64, 0x0d) }, "holds float32 [1,4,4]"],
    ["IDX cut off in its header", "idx", { [images]: idx([1, 8, 8], 0).subarray(0, 9) }, "too few for its header"],
    ["gzip that is none", "idx", { [`${images}.gz`]: "hello" }, "cannot be read: incorrect header check"],
    [
      "a bomb of gzip behind the images",
      "idx",
      { [`${images}.gz`]: Buffer.concat([gzipSync(idx([1, 8, 8], 64)), bomb]) },
      "more than 64 bytes",
    ],
    [
      "labels of another number",
      "idx",
      { [images]: idx([2, 2, 2], 8), "train-labels-idx1-ubyte": idx([3], 3) },
      "Expected 2 labels, whole numbers",
    ],
    [
      "a shard that claims gigabytes",
      "webdataset",
      { "a.tar": tarOf([{ name: "a.png", size: 2 ** 32 }]) },
      "claims 4294967296 bytes, more than the archive has",
    ],
    ["a shard that is none", "webdataset", { "a.tar": "hello" }, "Expected a tar archive at"],
    ["a shard without images", "webdataset", { "a.tar": tar({ "a.txt": "x" }) }, "WebDataset shards there have none"],
    ["labels of fractions", "webdataset", { "a.tar": tar({ "a.png": "", "a.json": '{"label":0.5}' }) }, "one is 0.5"],
    [
      "an index of another shard",
      "webdataset",
      { "a.tar": tar({ "a.png": "" }), "index.json": '{"shardlist":[{"url":"a.tar","filesize":7}]}' },
      "where index.json says 7",
    ],
    [
      "an index that is none",
      "webdataset",
      { "a.tar": tar({ "a.png": "" }), "index.json": "[]" },
      "it has no such list",
    ],
    ["Parquet that is none", "parquet", { "a.parquet": "hello, this is no table" }, "does not end as one"],
    [
      "arrays of floats",
      "arrays",
      { "a.npz": npz([2, 4, 4], "float32") },
      "but there are none. It has pictures, float32 [2,4,4]",
    ],
    ["an array that is not there", "arrays", { "a.npz": npz([2, 4, 4]) }, "x is not one", { imageColumn: "x" }],
    ["a folder of other files", "arrays", { "a.txt": "" }, "It has none that can be read"],
    ["a list that is not there", "folder", { "1.png": "" }, "there is no such file", { labels: "none.csv" }],
    [
      "a list of other images",
      "folder",
      { "1.png": "", "a.csv": "file,label\n2.png,x" },
      'as "2.png"',
      { labels: "a.csv" },
    ],
    [
      "a list that names one twice",
      "folder",
      { "1.png": "", "a.csv": "file,label\n1.png,x\n1,y" },
      "row 2 names 1.png",
      { labels: "a.csv" },
    ],
    [
      "a list of a million columns",
      "folder",
      { "1.png": "", "a.csv": "file,".repeat(1e6) },
      "it has 1000001 columns",
      { labels: "a.csv" },
    ],
    [
      "a column that is not there",
      "folder",
      { "1.png": "", "a.csv": "file,label\n1.png,x" },
      'it has no column "kind"',
      { labels: "a.csv", labelColumn: "kind" },
    ],
    [
      "labels that are no classes",
      "folder",
      { "1.png": "", "2.png": "", "a.csv": "file,label\n1.png,1.5\n2.png,0" },
      "Expected classes",
      { labels: "a.jsonl" },
    ],
  ],
)("%s", async (what, kind, files, problem, reading) => {
  const given =
    what === "labels that are no classes"
      ? { ...files, "a.jsonl": '{"file":"1.png","label":1.5}\n{"file":"2.png","label":0}' }
      : files;
  const source = `${kind}:${await written(given)}`;
  const failure = await everything(source, reading).catch((error: Error) => error);
  expect(failure).toBeInstanceOf(UserError);
  expect((failure as Error).message).toContain(problem);
});

test("members of a shard whose names lead out of it are skipped, and listed", async () => {
  const shard = tarOf(["../../up.png", "/etc/a.png", "1.png"].map((name) => ({ name, content: "x" })));
  await using listing = await sourceOf(`webdataset:${await written({ "a.tar": shard })}`).list();
  expect(listing.images.map(({ name }) => name)).toEqual(["a/1"]);
  expect(listing.refused.map(({ reason }) => reason)).toEqual([
    "its name goes upwards (..)",
    "its name is an absolute path",
  ]);
});

test("names that lead out of the set are never looked up", async () => {
  await written({ "secret.png": "" });
  const set = await written({ "1.png": "", "a.csv": "file,label\n../0/secret.png,x\n/etc/passwd,y\n1.png,z\n" });
  await using listing = await sourceOf(`folder:${set}`, { labels: "a.csv" }).list();
  expect(listing.images.map(({ name }) => name)).toEqual(["1.png"]);
  expect(listing.notices?.[0]).toContain("2 of its 3 rows name no image of the set");
});
