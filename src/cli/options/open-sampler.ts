/** @file What the sampling options ask to draw with: a model, or a cascade of two. */
import type { Runtime } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import { Cascade } from "../../inference/sampling/cascade.js";
import { type ImageSampler, Sampler } from "../../inference/sampling/sampler.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import { openRun } from "../../training/run/open-run.js";
import type { Context } from "./command.js";
import { parseGuidance } from "./guidance-options.js";
import type { SamplingOptions } from "./sampling-options.js";

/** Images made at once where the options do not say how many. */
const BATCH = 16;

/**
 * The sampler for a model that is open already.
 *
 * @param count - images that will be asked for at once
 * @throws UserError when the second model cannot be opened or does not fit, or is missing where it is needed
 */
export async function openSampler(
  model: TrainedModel,
  options: SamplingOptions,
  count: number,
  { progress }: Pick<Context, "progress">,
  runtime: Runtime,
): Promise<ImageSampler> {
  const { run, superres, superresGuidance, weights, batch = Math.min(BATCH, count) } = options;
  if (superres === undefined) {
    if (superresGuidance)
      throw new UserError("invalid-options", "--superres-guidance: expected --superres RUN with it.");
    if (model.config.model.superResolution) {
      throw new UserError(
        "wrong-model",
        `--run ${run}: this is a super-resolution model, which enlarges what another one draws. Give that one to --run, and ${run} to --superres.`,
      );
    }
    return new Sampler(model, { batch, runtime });
  }
  const enlarger = await openRun(superres, { weights, onNotice: (message) => progress.note(message) });
  const guidance = superresGuidance && parseGuidance(superresGuidance, "--superres-guidance");
  return new Cascade(new Sampler(model, { batch, runtime }), new Sampler(enlarger, { batch, runtime }), { guidance });
}
