/** @file Files by patterns, and on a server that stalls, cuts off, is busy, changes the file or has another one. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../../test/support/images.js";
import { UserError } from "../errors.js";
import { isPlaces, openPlace, placesOf } from "./places.js";
import { sourceOf } from "./sources/index.js";

const fixture = (path: string) => fileURLToPath(new URL(`../../test/fixtures/data/${path}`, import.meta.url));
const patience = { idleMs: 150, pauseMs: 1 };

/** What the server does with a request; true where it has answered. */
type Fault = (request: IncomingMessage, response: ServerResponse, asked: number) => boolean;
let fault: Fault = () => false;
let asked = 0;
let etag = '"1"';
let content: Buffer | undefined;

const server = createServer((request, response) => {
  const file =
    content ?? readFileSync(fixture(decodeURIComponent(new URL(request.url!, "http://x").pathname.slice(1))));
  if (fault(request, response, asked++)) return;
  const [, first, last] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "")!;
  const part = file.subarray(Number(first), Number(last) + 1);
  response.writeHead(206, {
    ETag: etag,
    "Content-Range": `bytes ${first}-${Number(first) + part.length - 1}/${file.length}`,
    "Content-Length": part.length,
  });
  response.end(part);
});
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
afterAll(() => server.close());
beforeEach(() => {
  [fault, asked, etag, content] = [() => false, 0, '"1"', undefined];
});

const refuse = (problem: string): never => {
  throw new UserError("damaged", problem);
};
const big = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, at) => (at * 7919) >> 3));

async function read(address = `${url}/big`): Promise<Buffer> {
  await using bytes = await openPlace(address, refuse, { patience });
  return Buffer.concat([await bytes.read(0, 1000), await bytes.read(1000, bytes.size)]);
}

test.each<[text: string, places: string[]]>([
  ["a-{000098..000101}.tar", ["a-000098.tar", "a-000099.tar", "a-000100.tar", "a-000101.tar"]],
  ["{a,b}/{0..1}.tar", ["a/0.tar", "a/1.tar", "b/0.tar", "b/1.tar"]],
  ["a.tar::b.tar", ["a.tar", "b.tar"]],
  ["https://host/{7..8}.parquet", ["https://host/7.parquet", "https://host/8.parquet"]],
  ["file:///data/a%20b.tar", ["/data/a b.tar"]],
])("%s", (text, places) => {
  expect(isPlaces(text)).toBe(true);
  expect(placesOf(text)).toEqual(places);
});

test("what is no pattern is a path", () => {
  for (const path of ["a.tar", "photos {2020}", "cifar10:x", fixture("idx")]) expect(isPlaces(path)).toBe(false);
});

test.each([
  ["{9..1}", "a range that ascends"],
  ["{0..99999999}", "at most 100000 files"],
  ["{0..999}{0..999}", "at most 100000 files"],
])("%s is refused", (text, problem) => {
  expect(() => placesOf(text)).toThrow(problem);
});

test.each<[what: string, fault: Fault]>([
  ["answers", () => false],
  [
    "is too busy at first (429)",
    (_, response, at) => at < 2 && void response.writeHead(429, { "Retry-After": "0" }).end() === undefined,
  ],
  ["has a problem at first (503)", (_, response, at) => at < 2 && void response.writeHead(503).end() === undefined],
  ["stalls at first", (_, __, at) => at < 1],
  [
    "cuts every other answer off",
    (request, response, at) => {
      if (at % 2 === 1) return false;
      const first = Number(/bytes=(\d+)-/.exec(request.headers.range!)![1]);
      response.writeHead(206, {
        ETag: etag,
        "Content-Range": `bytes ${first}-${big.length - 1}/${big.length}`,
        "Content-Length": big.length - first,
      });
      response.write(big.subarray(first, first + 20_000), () => response.destroy());
      return true;
    },
  ],
])("a file is read from a server that %s", async (_, given) => {
  [content, fault] = [big, given];
  expect((await read()).equals(big)).toBe(true);
});

test.each<[what: string, fault: Fault, problem: string]>([
  ["is busy for ever", (_, response) => void response.writeHead(503).end() === undefined, "6 attempts in a row failed"],
  ["stalls for ever", () => true, "nothing came for"],
  ["has no such file", (_, response) => void response.writeHead(404).end() === undefined, "the server says 404"],
  ["sends no ranges", (_, response) => void response.writeHead(200).end(big) === undefined, "only sends it whole"],
  [
    "changes the file meanwhile",
    (_, __, at) => {
      if (at === 1) etag = '"2"';
      return false;
    },
    "has changed on the server",
  ],
  [
    "cuts the file meanwhile",
    (_, __, at) => {
      if (at === 0) content = big.subarray(0, 200_000);
      return false;
    },
    "has changed on the server",
  ],
])("one error for a server that %s", async (_, given, problem) => {
  [content, fault] = [big, given];
  const failure = await read().catch((error: Error) => error);
  expect(failure).toBeInstanceOf(UserError);
  expect((failure as Error).message).toContain(problem);
});

test("a digest is checked, and the file kept: the server is asked for nothing but its version the next time", async () => {
  process.env.STRATA_CACHE_DIR = await temporaryFolder();
  content = big;
  const right = `${url}/big#sha256=${createHash("sha256").update(big).digest("hex")}`;
  expect((await read(right)).equals(big)).toBe(true);
  const before = asked;
  expect((await read(right)).equals(big)).toBe(true);
  expect(asked - before).toBe(1);
  await expect(read(`${url}/big#sha256=${"0".repeat(64)}`)).rejects.toThrow("Expected a file with SHA-256 0000");
  await expect(read(`${url}/big#sha=1`)).rejects.toThrow("neither #cached nor a digest");
});

test("a set is read from the cache where that is asked for", async () => {
  process.env.STRATA_CACHE_DIR = await temporaryFolder();
  await using listing = await sourceOf(`${url}/webdataset/cls/train-00000{0..1}.tar#cached`).list();
  expect(listing.images).toHaveLength(14);
  const before = asked;
  for await (const record of listing.read()) expect("encoded" in record).toBe(true);
  expect(asked - before).toBe(2); // whether each is still the same
});

test.each([
  [`webdataset:${fixture("webdataset/cls")}/{train-{000000..000002},test-000000}.tar`, "WebDataset shards"],
  [`webdataset:${url}/webdataset/cls/{train-{000000..000002},test-000000}.tar`, "WebDataset shards"],
  [`${url}/webdataset/cls/{train-{000000..000002},test-000000}.tar`, "WebDataset shards"],
  [
    `${url}/hugging-face/train-0000{0,1}-of-00002.parquet::${url}/hugging-face/test-00000-of-00001.parquet`,
    "Parquet files",
  ],
])("a set on a server: %s", async (source, description) => {
  await using listing = await sourceOf(source).list();
  expect(listing.description).toBe(description);
  expect(listing.images.filter(({ split }) => split === "test")).toHaveLength(6);
  let read = 0;
  for await (const record of listing.read()) {
    expect("encoded" in record).toBe(true);
    read++;
  }
  expect(read).toBe(24);
});

test("the fingerprint of a set on a server changes with the file's version", async () => {
  const source = sourceOf(`${url}/webdataset/cls/train-000000.tar`);
  const first = await source.fingerprint();
  expect(await source.fingerprint()).toBe(first);
  etag = '"2"';
  expect(await source.fingerprint()).not.toBe(first);
});

test("kinds that read one path say so", () => {
  expect(() => sourceOf(`folder:${url}/a.zip`)).toThrow(
    "Expected parquet:PATH or webdataset:PATH with several files or an address",
  );
});
