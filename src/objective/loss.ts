/** @file The training loss (paper §2): distortion, weighted rate of every latent group, spectral term. */
import { numpy as np, valueAndGrad } from "@jax-js/jax";
import type { Config, ModelConfig } from "../config/index.js";
import { groups, type ModelParameters } from "../model/index.js";
import { autoEncode, type ModelInputs } from "./auto-encode.js";
import { informationShares, rateWeights } from "./information-schedule.js";
import { distortion } from "./output-layers.js";
import { spectralNorm } from "./spectral.js";

/** Power-iteration vectors of one group's last prior and posterior convolutions, one entry per output channel. */
export type SpectralVectors<T = np.Array> = {
  prior: T;
  posterior: T;
};

/** What a loss was made of. Nats are sums over all dimensions of an image. */
export type LossParts<T = np.Array> = {
  /** [N] */
  distortionNats: T;
  /** [L, N], unweighted, group 0 first. */
  klNats: T;
  /** [L, N], the weights of the information schedule; ones without it. */
  gamma: T;
  /** [N], Σ γ_i K_i. */
  klWeightedNats: T;
  /** Scalar Σ resolution · σ, before λ_SR. */
  spectral: T;
  /** The vectors to keep for the next update. */
  spectralVectors: SpectralVectors<T>[];
};

/** Lengths of the power-iteration vectors of every group. */
export function spectralVectorLengths(model: ModelConfig): SpectralVectors<number>[] {
  return groups(model).map(({ level, channels }) => {
    return { prior: 2 * channels + model.levels[level].channels, posterior: 2 * channels };
  });
}

/**
 * Σ resolution · σ_max over the last convolutions of all prior and posterior blocks (paper App. B.1), and the vectors
 * advanced by one step. Everything is borrowed.
 */
function spectralTerm(parameters: ModelParameters<np.Array>, model: ModelConfig, vectors: SpectralVectors[]) {
  const terms = groups(model).map(({ index, level, layer, resolution }) => {
    const { prior, posterior } = parameters.generator.levels[level].layers[layer];
    const p = spectralNorm(prior.conv2.weight.ref, vectors[index].prior.ref);
    const q = spectralNorm(posterior.conv2.weight.ref, vectors[index].posterior.ref);
    return { weighted: p.sigma.add(q.sigma).mul(resolution), vectors: { prior: p.u, posterior: q.u } };
  });
  return {
    spectral: terms.map(({ weighted }) => weighted).reduce((sum, term) => sum.add(term)),
    spectralVectors: terms.map(({ vectors }) => vectors),
  };
}

/**
 * The loss of a batch,
 *
 *     mean over images of ( distortion + Σ_i γ_i K_i )  +  λ_SR Σ_blocks resolution · σ_max(W)
 *
 * with K_i = KL(q(z_i | z_<i, x) ‖ p(z_i | z_<i)) and z_i drawn from q by the given noise. No gradient flows through γ.
 *
 * @param parameters - borrowed
 * @param spectralVectors - one pair a group, advanced once per call; borrowed
 * @param batch - borrowed
 * @param noise - standard normal, one [N, Z, r, r] a group, group 0 first; borrowed
 * @returns the scalar loss in nats, and its parts
 */
export function loss(
  parameters: ModelParameters<np.Array>,
  spectralVectors: SpectralVectors[],
  batch: ModelInputs,
  noise: np.Array[],
  config: Pick<Config, "model" | "objective">,
): { loss: np.Array; aux: LossParts } {
  const { model, objective } = config;
  const { output, klNats: kl } = autoEncode(parameters, model, batch, noise);
  const shares = informationShares(config);
  const gamma = shares ? rateWeights(kl, shares) : kl.map((rate) => np.onesLike(rate.ref));
  const weighted = kl.map((rate, group) => rate.ref.mul(gamma[group].ref)).reduce((sum, rate) => sum.add(rate)); // [N]
  const distortionNats = distortion(output, batch.images.ref, objective); // [N]
  const { spectral, spectralVectors: advanced } = spectralTerm(parameters, model, spectralVectors);
  const total = distortionNats.ref.add(weighted.ref).mean().add(spectral.ref.mul(objective.spectralWeight));
  const aux = {
    distortionNats,
    klNats: np.stack(kl),
    gamma: np.stack(gamma),
    klWeightedNats: weighted,
    spectral,
    spectralVectors: advanced,
  };
  return { loss: total, aux };
}

/** The loss, its parts, and its gradient with respect to every parameter. Arguments as for `loss`. */
export function lossAndGradients(
  parameters: ModelParameters<np.Array>,
  spectralVectors: SpectralVectors[],
  batch: ModelInputs,
  noise: np.Array[],
  config: Pick<Config, "model" | "objective">,
): { loss: np.Array; aux: LossParts; gradients: ModelParameters<np.Array> } {
  const differentiated = valueAndGrad(
    (variables: ModelParameters<np.Array>): [np.Array, LossParts] => {
      const { loss: value, aux } = loss(variables, spectralVectors, batch, noise, config);
      return [value, aux];
    },
    { hasAux: true },
  );
  const [[value, aux], gradients] = differentiated(parameters);
  return { loss: value, aux, gradients };
}
