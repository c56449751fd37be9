/** @file Our own batches, made for each line of JSON: see `BatchesTask`. */
import { createInterface } from "node:readline";
import { Batches } from "../../src/data/batches.js";
import type { BatchesTask } from "./pillow.js";

let batches: Batches | undefined;
let next = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const { path, offset, count, size, batch, repeats } = JSON.parse(line) as BatchesTask;
  const set = { name: path, resolution: size, count, classes: [], images: { path, offset }, labels: new Int32Array() };
  batches ??= new Batches(set, { batchSize: batch, seed: 0, flips: true });
  for (let i = 0; i < repeats; i++) batches.batch(next++);
  process.stdout.write("done\n");
}
