/** @file Training on shards that are read meanwhile: resumed byte for byte, and a slow place shows in the log. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { temporaryFolder } from "../../test/support/images.js";
import { tinyConfig } from "../../test/support/tiny.js";
import { openData } from "../data/index.js";
import { train } from "./train.js";

const fixture = (path: string) => fileURLToPath(new URL(`../../test/fixtures/data/${path}`, import.meta.url));
const folder = await temporaryFolder();
process.env.STRATA_CACHE_DIR = join(folder, "cache");

const config = tinyConfig({ model: { classes: 3 }, training: { batchSize: 4, logEvery: 1 } });
const opened = (source: string) => openData(source, { resolution: 8, stream: true });
const manifestOf = (run: string, step: number) =>
  readFileSync(join(folder, run, `checkpoints/step-${step}/manifest.json`), "utf8");
const metricsOf = (run: string) =>
  readFileSync(join(folder, run, "metrics.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

test("a run is resumed byte for byte, over the end of an epoch", async () => {
  const path = "webdataset/cls";
  const data = await opened(fixture(path));
  expect([data.stream?.count, data.test.count]).toEqual([18, 6]);
  const name = path.replace("/", "-");
  const run = (out: string, steps: number) =>
    train({ config, data, out: join(folder, out), limit: { steps }, resume: true });
  await run(`${name}-whole`, 7);
  await run(`${name}-parts`, 3);
  await run(`${name}-parts`, 7);
  expect(manifestOf(`${name}-parts`, 7)).toBe(manifestOf(`${name}-whole`, 7));
  expect(metricsOf(`${name}-whole`)[0]).toMatchObject({ type: "run", trainImages: 18 });
  expect(JSON.parse(readFileSync(join(folder, `${name}-whole`, "data.json"), "utf8"))).toMatchObject({
    count: 18,
    classCounts: [6, 6, 6],
  });
});

test("another set of shards does not resume the run", async () => {
  const data = await opened(fixture("webdataset/json"));
  const resumed = train({
    config: tinyConfig({ training: config.training }),
    data,
    out: join(folder, "webdataset-cls-whole"),
    resume: true,
  });
  await expect(resumed).rejects.toThrow();
});

test("a slow server shows as the share of time that is waited for data", async () => {
  const server = createServer((request, response) => {
    const file = readFileSync(fixture(`webdataset/cls${request.url}`));
    const [, first, last] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "")!;
    const part = file.subarray(Number(first), Number(last) + 1);
    setTimeout(() => {
      response.writeHead(206, {
        ETag: '"1"',
        "Content-Range": `bytes ${first}-${Number(first) + part.length - 1}/${file.length}`,
      });
      response.end(part);
    }, 150);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  afterAll(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/train-{000000..000002}.tar`;
  const data = await opened(url);
  const slow = { ...data, stream: { ...data.stream!, buffer: 1 } };
  await train({ config, data: slow, out: join(folder, "slow"), limit: { steps: 6 } });
  const shares = metricsOf("slow").flatMap(({ dataWaitShare }) => (dataWaitShare === undefined ? [] : [dataWaitShare]));
  expect(Math.max(...shares)).toBeGreaterThan(0.3);
});

test("a set without shards is no stream", async () => {
  await expect(opened(fixture("idx"))).rejects.toThrow("Expected WebDataset shards or Parquet files with `stream`");
});
