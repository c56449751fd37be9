/** @file What a rank does that is not the first: its part of every step, and nothing else. */
import type { Config } from "../config/index.js";
import type { ImageSet } from "../data/index.js";
import type { Runtime } from "../engine/index.js";
import type { Ranks } from "../ranks/ranks.js";
import { together } from "../ranks/together.js";
import { InputThread } from "./inputs/input-thread.js";
import { type Order, reductionOf } from "./shared-step.js";
import { enlist, type TrainingJob } from "./start-together.js";
import { unlessAborted } from "./stopping.js";
import { Trainer } from "./trainer.js";

/** What a rank trains with. */
export interface FollowOptions {
  ranks: Ranks;
  runtime: Runtime;
  /** Opens the same images as on rank 0, which compares. */
  openImages: (config: Config) => Promise<ImageSet>;
  /** When aborted, the run is asked to stop, and rank 0 saves. */
  signal?: AbortSignal;
}

/**
 * Takes part in a training run until rank 0 ends it.
 *
 * @throws what makes this rank unable to go on, which rank 0 has been told
 */
export async function followTraining(
  job: TrainingJob,
  { ranks, runtime, openImages, signal }: FollowOptions,
): Promise<void> {
  const { config, counters } = job;
  await using enlisted = await enlist(ranks, job, { runtime, openImages: () => openImages(config) });
  const { state, images } = enlisted;
  await using inputs = new InputThread({ config, images, device: runtime.traits, share: ranks });
  inputs.begin(counters.step);
  const reduction = reductionOf(ranks, runtime, () => {});
  const create = () => Trainer.create(config, runtime, counters, state, reduction);
  const { result } = await together(ranks, async () => ({ result: await create(), told: undefined }));
  await using trainer = result;
  let failure: unknown;
  while ((await ranks.broadcast<Order>(undefined)) === "step") {
    try {
      const begun = await trainer.begin(await inputs.take(trainer.begun), signal);
      await begun.report();
    } catch (error) {
      failure ??= error; // rank 0 knows, and decides what comes next
    }
  }
  if (failure !== undefined) await unlessAborted(Promise.reject(failure), signal);
}
