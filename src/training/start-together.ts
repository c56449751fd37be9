/** @file How the ranks of a training run begin: rank 0 says what is to be trained, all say what they compute with, and all get the state. */
import { type Config, microBatchOf } from "../config/index.js";
import { digestOfSet, type ImageSet } from "../data/index.js";
import { leaves, type Runtime, rebuild } from "../engine/index.js";
import { blockSize } from "../engine/onnx/block-size.js";
import { UserError } from "../errors.js";
import { nameOfRank, type Ranks } from "../ranks/ranks.js";
import { together } from "../ranks/together.js";
import { codeHash, version } from "../version.js";
import { computedOn } from "./run/computed-on.js";
import type { Counters } from "./run/counters.js";
import { type Described, receiveImages, sendImages } from "./send-images.js";
import { stateSpecs, type TrainingState } from "./trainer.js";

/** What rank 0 asks the others to train. */
export interface TrainingJob {
  kind: "train";
  config: Config;
  counters: Counters;
  /** The training images, without pixels, where these follow. */
  images?: Described;
}

/** What all ranks must have alike for the sum of their gradients to be that of one model, and for runs to repeat byte for byte. */
type Facts = Readonly<Record<string, string>>;

async function factsOf(runtime: Runtime, images: ImageSet): Promise<Facts> {
  const { device, devices, precision = "float32", threads } = await computedOn(runtime, version);
  return {
    "version of Strata": `${version}, code ${codeHash().slice(0, 8)}`,
    images: `${images.count}, SHA-256 ${digestOfSet(images).slice(0, 12)}`,
    device: devices === undefined ? device : `${device}, ${devices}`,
    precision,
    ...(device === "cpu" && {
      threads: String(threads),
      "block of convolutions, which the processor decides,": String(await blockSize(runtime)),
    }),
  };
}

/**
 * Compares all ranks with rank 0.
 *
 * @throws UserError that names every rank that differs, and in what
 */
function expectAlike(ranks: Pick<Ranks, "hosts">, all: readonly Facts[]): void {
  const [first] = all;
  const differences = all.flatMap((facts, rank) =>
    Object.keys(first)
      .filter((what) => facts[what] !== first[what])
      .map(
        (what) =>
          `${nameOfRank(ranks, rank)} has ${what} ${facts[what] ?? "unknown"}, ${nameOfRank(ranks, 0)} ${first[what]}`,
      ),
  );
  if (differences.length === 0) return;
  throw new UserError("mismatch", `Expected ranks that compute alike:\n${differences.join("\n")}`, {
    advice: "Install one version everywhere, give every rank the same images and `threads`, and machines of one kind.",
  });
}

/**
 * Checks that ranks can share the micro-batches of a step equally.
 *
 * @throws UserError that says which micro-batches would do
 */
function expectShareable({ training }: Config, { size }: Pick<Ranks, "size">): void {
  const { batchSize } = training;
  const own = microBatchOf(training);
  if ((batchSize / own) % size === 0) return;
  const problem = `Expected micro-batches that ${size} ranks can share equally, got ${batchSize / own} (training.batchSize=${batchSize}, training.microBatchSize=${own}).`;
  const possible = batchSize % size === 0;
  throw new UserError("invalid-options", problem, {
    advice: possible
      ? `Set \`training.microBatchSize=${batchSize / size}\`, or a divisor of that; or start another number of ranks.`
      : `Set \`training.batchSize=${Math.ceil(batchSize / size) * size}\`, or start a number of ranks that divides ${batchSize}.`,
  });
}

/**
 * Tells the other ranks what to train, and gives them the state; for rank 0.
 *
 * @throws UserError when ranks differ, or one cannot begin
 */
export async function recruit(
  ranks: Ranks,
  job: Omit<TrainingJob, "kind" | "images">,
  {
    state,
    images,
    sent,
    runtime,
  }: { state: TrainingState<Float32Array>; images: ImageSet; sent: boolean; runtime: Runtime },
): Promise<void> {
  if (ranks.size === 1) return;
  expectShareable(job.config, ranks);
  const { images: _, ...described } = images;
  await ranks.broadcast<TrainingJob>({ kind: "train", ...job, ...(sent && { images: described }) });
  if (sent) await sendImages(ranks, images);
  const { told } = await together(ranks, async () => ({ result: undefined, told: await factsOf(runtime, images) }));
  expectAlike(ranks, told);
  for (const array of leaves(state) as Float32Array[]) await ranks.broadcast(array);
}

/** The same for another rank. @param openImages - opens the training images here, where rank 0 does not send them */
export async function enlist(
  ranks: Ranks,
  { config, images: described }: TrainingJob,
  { runtime, openImages }: { runtime: Runtime; openImages: () => Promise<ImageSet> },
): Promise<{ state: TrainingState<Float32Array>; images: ImageSet } & AsyncDisposable> {
  const received = described && (await receiveImages(ranks, described));
  const dispose = async () => received?.dispose();
  try {
    return { ...(await begin()), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }

  async function begin() {
    const { result: images, told } = await together(ranks, async () => {
      const opened = received ? received.set() : await openImages();
      return { result: opened, told: await factsOf(runtime, opened) };
    });
    expectAlike(ranks, told);
    const specs = stateSpecs(config);
    const arrays: Float32Array[] = [];
    for (const _ of leaves(specs)) arrays.push(await ranks.broadcast<Float32Array>(undefined));
    return { state: rebuild(specs, arrays) as TrainingState<Float32Array>, images };
  }
}
