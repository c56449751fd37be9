/** @file Sets as others publish them, written by the formats' own writers (`scripts/data-fixtures.py`): one row a format. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { decodePixels } from "../decoding/decode.js";
import { sourceOf } from "./index.js";
import type { Reading } from "./reading.js";
import type { SourceRecord } from "./source.js";

const fixture = (path: string) => fileURLToPath(new URL(`../../../test/fixtures/data/${path}`, import.meta.url));
const known: { classes: string[]; colours: number[][]; labels: number[]; train: number } = JSON.parse(
  readFileSync(fixture("expected.json"), "utf8"),
);

/** The colour of an image of one colour, after seeing that it has no other. */
async function colourOf(record: SourceRecord): Promise<number[]> {
  if ("error" in record) throw new Error(record.error);
  if ("pixels" in record) {
    const plane = record.width * record.height;
    const colour = [0, 1, 2].map((channel) => record.pixels[channel * plane]);
    expect(record.pixels.every((value, at) => value === colour[Math.floor(at / plane)])).toBe(true);
    return colour;
  }
  const { data } = await decodePixels(record.encoded);
  return [...data.subarray(0, 3)];
}

interface Form {
  /** The row of docs/data.md that it stands for. */
  row: string;
  /** Of one number for each image, as in MNIST. */
  grey?: true;
  /** Classes by numbers, where the format has no names. */
  numbered?: true;
  /** Whether the set says which images are held out; by default it does. */
  undivided?: true;
  reading?: Reading;
  description: string;
}

const [list, numpy, mnist] = [
  "image files and a CSV or JSON Lines list: `--labels labels.csv`",
  "NumPy arrays, `.npz` or `.npy` beside one another",
  "IDX, as MNIST",
];
const [shards, table, tableOfNumbers] = [
  "WebDataset shards",
  "Parquet, Hugging Face's layout or bare bytes",
  "Parquet, lists of numbers",
];

const forms: [source: string, form: Form][] = [
  ["webdataset/cls", { row: shards, numbered: true, description: "WebDataset shards" }],
  ["webdataset/json", { row: shards, reading: { labelKey: "info.class" }, description: "WebDataset shards" }],
  [
    "webdataset/json/{train-{000000..000002},test-000000}.tar",
    { row: shards, reading: { labelKey: "info.class" }, description: "WebDataset shards" },
  ],
  [
    "hugging-face/{train-00000-of-00002,train-00001-of-00002,test-00000-of-00001}.parquet",
    { row: table, description: "Parquet files" },
  ],
  ["hugging-face", { row: table, description: "Parquet files" }],
  ...["none", "v2"].map((codec): [string, Form] => [
    `parquet/bytes-${codec}.parquet`,
    { row: table, undivided: true, reading: { labelColumn: "kind" }, description: "Parquet files" },
  ]),
  ["parquet/lists.parquet", { row: tableOfNumbers, undivided: true, numbered: true, description: "Parquet files" }],
  ["parquet/nested.parquet", { row: tableOfNumbers, undivided: true, numbered: true, description: "Parquet files" }],
  ["arrays/keras.npz", { row: numpy, numbered: true, description: "NumPy arrays" }],
  ["arrays/medmnist.npz", { row: numpy, numbered: true, description: "NumPy arrays" }],
  ["arrays/beside", { row: numpy, numbered: true, undivided: true, description: "NumPy arrays" }],
  ["arrays/beside/images.npy", { row: numpy, numbered: true, undivided: true, description: "NumPy arrays" }],
  ["listing", { row: list, reading: { labels: "labels.csv" }, description: "a folder of images" }],
  ["listing", { row: list, reading: { labels: fixture("listing/labels.csv") }, description: "a folder of images" }],
  ["listing", { row: list, reading: { labels: "metadata.jsonl" }, undivided: true, description: "a folder of images" }],
  ["listing", { row: list, reading: { labels: "kaggle.csv" }, undivided: true, description: "a folder of images" }],
  ["idx", { row: mnist, numbered: true, grey: true, description: "IDX files" }],
];

test("every row of the table in docs/data.md is tested, and no other", () => {
  const text = readFileSync(fileURLToPath(new URL("../../../docs/data.md", import.meta.url)), "utf8");
  const table = /\| form \|.*\n\| ---.*\n((?:\|.*\n)+)/.exec(text)![1];
  const rows = table.split("\n").flatMap((line) => (line === "" ? [] : [line.split(" | ")[0].slice(2)]));
  expect(new Set(forms.map(([, { row }]) => row))).toEqual(new Set(rows));
});

test.each(forms)("%s", async (path, { grey, numbered, undivided, reading, description }) => {
  await using listing = await sourceOf(fixture(path), reading).list();
  expect(listing.description).toBe(description);
  expect(listing.classes).toEqual(numbered ? known.classes.map((_, label) => `${label}`) : known.classes);
  const found: [colour: string, label: number | undefined, held: boolean][] = [];
  for await (const { index, ...record } of listing.read()) {
    const { label, split } = listing.images[index];
    const colour = await colourOf(record);
    found.push([`${grey ? colour[1] : colour}`, label, split === "test"]);
  }
  const expected = known.colours.map((colour, image) => [
    `${grey ? colour[1] : colour}`,
    known.labels[image],
    image >= known.train,
  ]);
  const inOrder = (rows: unknown[][]) => rows.map((row) => (undivided ? row.slice(0, 2) : row).join(" ")).sort();
  expect(inOrder(found)).toEqual(inOrder(expected));
});
