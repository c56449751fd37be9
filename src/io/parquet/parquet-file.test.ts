/** @file Parquet by its own writer (`scripts/data-fixtures.py`), in every codec; and files that lie, or are damaged. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { UserError } from "../../errors.js";
import { openBytes } from "../archives/byte-source.js";
import { openParquet } from "./parquet-file.js";

const fixture = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../../test/fixtures/data/parquet/${name}.parquet`, import.meta.url)));

async function everything(bytes: Uint8Array): Promise<unknown[][]> {
  const source = await openBytes(bytes, (problem) => {
    throw new Error(problem);
  });
  const { summary, read } = await openParquet(source, "a.parquet");
  const values: unknown[][] = [];
  for (const { name } of summary.columns) {
    const column: unknown[] = [];
    for (const group of summary.groups.keys()) column.push(...(await read(name, group)));
    values.push(column);
  }
  return values;
}

const plain = await everything(fixture("bytes-none"));

test("a column without compression", () => {
  expect(plain.map((column) => column.length)).toEqual([24, 24]);
  expect(plain[1].slice(0, 4)).toEqual(["cat", "dog", "fox", "cat"]);
  expect(plain[0].every((value) => Buffer.from(value as Uint8Array).toString("latin1", 1, 4) === "PNG")).toBe(true);
});

test.each(["snappy", "gzip", "brotli", "zstd", "lz4", "v2"])("the same by %s", async (codec) => {
  expect(await everything(fixture(`bytes-${codec}`))).toEqual(plain);
});

/** Numbers as thrift's compact protocol has them. */
const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
const int = (value: number) => varint(2 * value);

/** An element of a schema: a leaf, or one with children. */
const element = (name: string, children = 0): Buffer =>
  Buffer.from([
    ...(children > 0 ? [] : [0x15, ...int(6)]), // type: byte array
    ...[children > 0 ? 0x48 : 0x38, name.length, ...Buffer.from(name)],
    ...(children > 0 ? [0x15, ...int(children)] : []),
    0,
  ]);

/** A file of nothing but a schema. */
function schemaFile(count: number, elements: Buffer): Buffer {
  const footer = Buffer.concat([
    Buffer.from([0x15, 2, 0x19, 0xfc, ...varint(count)]),
    elements,
    Buffer.from([0x16, 0, 0x19, 0x0c, 0]),
  ]);
  const end = Buffer.alloc(8);
  end.writeUInt32LE(footer.length);
  end.write("PAR1", 4);
  return Buffer.concat([Buffer.from("PAR1"), footer, end]);
}

const repeated = (each: Buffer, count: number) => Buffer.alloc(each.length * count, each);
const many = (count: number) =>
  schemaFile(count + 1, Buffer.concat([element("root", count), repeated(element("x"), count)]));
const deep = (depth: number) => schemaFile(depth + 1, Buffer.concat([repeated(element("x", 1), depth), element("x")]));

/** The plain file with the bytes of a pattern changed where they first occur. */
function changed(name: string, from: number[], to: number[]): Buffer {
  const bytes = Buffer.from(fixture(name));
  const at = bytes.indexOf(Buffer.from(from));
  expect(at).toBeGreaterThan(0);
  Buffer.from(to).copy(bytes, at);
  return bytes;
}

function withFooterLength(length: number): Buffer {
  const bytes = Buffer.from(fixture("bytes-none"));
  bytes.writeUInt32LE(length, bytes.length - 8);
  return bytes;
}

const firstPage = (() => {
  const bytes = fixture("bytes-zstd");
  return [...bytes.subarray(4, 12)]; // page type, then sizes unpacked and packed
})();

test.each<[what: string, bytes: () => Uint8Array, problem: string]>([
  ["nothing", () => new Uint8Array(0), "does not end as one"],
  ["text", () => Buffer.from("hello, this is no table"), "does not end as one"],
  ["a file cut off", () => fixture("bytes-none").subarray(0, 3000), "does not end as one"],
  ["a footer longer than the file", () => withFooterLength(2 ** 31), "claims 2147483648 bytes, more than the file has"],
  ["a footer that is none", () => withFooterLength(9), "cannot be read"],
  [
    "a footer of hundreds of megabytes",
    () => {
      const bytes = Buffer.alloc(2 ** 26);
      bytes.writeUInt32LE(2 ** 26 - 12, bytes.length - 8);
      bytes.write("PAR1", bytes.length - 4);
      return bytes;
    },
    "at most",
  ],
  ["a million columns", () => many(1_000_000), "its schema has 1000001 elements; at most 20000 are read"],
  ["columns within columns within columns", () => deep(15_000), "cannot be read"],
  [
    "a page that claims two gigabytes",
    () => changed("bytes-zstd", firstPage, [0x15, firstPage[1], 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f]),
    "claims",
  ],
])("%s", async (_, bytes, problem) => {
  const failure = await everything(bytes()).catch((error: Error) => error);
  expect(failure).toBeInstanceOf(UserError);
  expect((failure as Error).message).toContain(problem);
});

test("whatever byte is changed, values or one error come of it", async () => {
  for (const name of ["bytes-zstd", "lists"]) {
    const original = fixture(name);
    for (let at = 4; at < original.length - 8; at += 31) {
      const bytes = Buffer.from(original);
      bytes[at] ^= 1 << (at % 8);
      const result = await everything(bytes).catch((error: Error) => error);
      if (result instanceof Error && !(result instanceof UserError)) throw result;
    }
  }
});
