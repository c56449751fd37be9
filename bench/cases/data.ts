/** @file Preparing images: files decoded, resized and packed; batches made from the packed file. Beside Pillow and NumPy. */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openData } from "../../src/data/index.js";
import { interleave, type Timed } from "../measure.js";
import { type BatchesTask, type PrepareTask, startBatches, startPillow } from "../peers/pillow.js";
import { withFolder } from "../scratch.js";
import { type BenchOptions, type Case, digits, type Line, type Section } from "../suite.js";
import { COPIES, HEIGHT, makePhotographs, PHOTOGRAPHS, WIDTH } from "./photographs.js";

const PACKED = 20_000;
const BATCH = 128;
const REPEATS = 50;

/** Lines of images a second, ours beside the peer's. */
async function compare(count: number, ours: Timed, theirs: Timed | undefined, rounds: number): Promise<Line[]> {
  const times = await interleave([ours, ...(theirs ? [theirs] : [])], rounds);
  const [own, peer] = times.map((ms) => count / (ms / 1000));
  const cells = peer === undefined ? ["not installed", ""] : [digits(peer), (own / peer).toFixed(2)];
  return [{ cells: [digits(own), ...cells], data: { imagesPerSecond: own, peer } }];
}

async function prepare(resolution: number, { threads, rounds = 3 }: BenchOptions): Promise<Line[]> {
  return withFolder(async (scratch) => {
    const photographs = join(scratch, "photographs");
    await makePhotographs(photographs);
    const peer = startPillow(threads);
    let round = 0;
    const ours = async () => {
      process.env.STRATA_CACHE_DIR = join(scratch, `cache-${round++}`);
      await openData(`folder:${photographs}`, { resolution });
      process.env.STRATA_CACHE_DIR = "";
    };
    const out = join(scratch, "packed");
    const task: PrepareTask = { work: "prepare", folder: photographs, size: resolution, out };
    const lines = await compare(PHOTOGRAPHS * COPIES, ours, peer && (() => peer.do(task)), rounds);
    peer?.end();
    return lines;
  });
}

async function batches(resolution: number, { threads, rounds = 5 }: BenchOptions): Promise<Line[]> {
  return withFolder(async (scratch) => {
    const images = { path: join(scratch, "packed"), offset: 0 };
    writeFileSync(images.path, randomBytes(PACKED * 3 * resolution ** 2));
    const shape = { count: PACKED, size: resolution, batch: BATCH, repeats: REPEATS };
    const task: BatchesTask = { work: "batches", ...images, ...shape };
    const [ours, peer] = [startBatches(), startPillow(threads)];
    const lines = await compare(BATCH * REPEATS, () => ours.do(task), peer && (() => peer.do(task)), rounds);
    ours.end();
    peer?.end();
    return lines;
  });
}

export const dataSection: Section = {
  title: "Images, a second",
  columns: ["work", "Strata", "Pillow, NumPy", "times as fast"],
  cases: [
    ...[32, 64].map(
      (resolution): Case => ({
        id: `data/prepare-${resolution}`,
        title: `JPEG of ${WIDTH}×${HEIGHT} to packed ${resolution}×${resolution}`,
        run: (options) => prepare(resolution, options),
      }),
    ),
    ...[32, 64].map(
      (resolution): Case => ({
        id: `data/batches-${resolution}`,
        title: `packed ${resolution}×${resolution} to shuffled, mirrored batches of ${BATCH}`,
        run: (options) => batches(resolution, options),
      }),
    ),
  ],
};
