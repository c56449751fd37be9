/** @file The bound of a model whose pixels a head codes, in place of its output layer. */
import type { Images, Pixels } from "../data/image-set.js";
import { measuredAtOnce } from "../inference/measures/measurement-options.js";
import { type Likelihood, type LikelihoodOptions, measureLikelihood } from "../inference/measures/nll.js";
import { compileDecoderPass } from "../inference/programs/decoder-pass.js";
import { checkModelImages } from "../inference/programs/model-inputs.js";
import type { TrainedModel } from "../inference/trained-model.js";
import type { Head } from "./trained-head.js";

/**
 * Measures the bound with the head's p(x | z) in place of equation 5's,
 *
 *     E_q [ −ln p_head(x | z) ] + KL( q(z | x) ‖ p(z) ) ≥ −ln p(x)
 *
 * with the latents that `negativeLogLikelihood` draws for the same seed, so that their rates are equal and their difference is
 * that of the two codes. With several samples also the importance-weighted bound.
 *
 * @throws UserError as `negativeLogLikelihood`; the signal's reason when aborted
 */
export async function headLikelihood(
  { config, parameters }: Pick<TrainedModel, "config" | "parameters">,
  head: Head,
  images: Images<Pixels>,
  options: LikelihoodOptions = {},
): Promise<Likelihood> {
  const { runtime } = options;
  checkModelImages(config.model, images);
  const { batch } = measuredAtOnce(options, images);
  await using decoder = await compileDecoderPass(config, batch, parameters, runtime);
  return await measureLikelihood(
    async (inputs) => {
      const { features, mean, kl, logRatio } = await decoder.run(inputs);
      return { distortion: await head.codeLengths({ features, mean }, inputs.batch.images, runtime), kl, logRatio };
    },
    config,
    images,
    options,
  );
}
