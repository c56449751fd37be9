/**
 * @file The types of a configuration. `npm run docs:settings` makes this file from the schema: change that, then run it.
 *
 * What ends in `Input` may be written: fields with a default may be left out.
 */

/** One resolution of the encoder and of the generator. */
export interface LevelConfig {
  /**
   * Height and width of this level's images. Unit: pixels.
   *
   * Each level has half the resolution of the one above it; below 4 comes 1.
   */
  resolution: number;
  /**
   * Width of the hidden states in the encoder and in the generator. Unit: channels.
   *
   * Time grows with its square. Keep high resolutions narrow: a layer at 32² costs four times as much as the same
   * one at 16².
   */
  channels: number;
  /**
   * Residual blocks of the encoder. Unit: blocks.
   *
   * One to three suit small models; the published ones have up to 14.
   */
  encoderBlocks: number;
  /**
   * Latent groups of the generator. Unit: groups.
   *
   * Raise it at 8² and 16² when samples have the right texture but no structure.
   */
  stochasticLayers: number;
  /**
   * Attention layers, spread evenly among the blocks and among the stochastic layers. Unit: layers.
   *
   * Its cost grows with the fourth power of the resolution: try 1 at 16² first.
   *
   * @defaultValue `0`
   */
  attention: number;
}

/** What may be written for {@link LevelConfig}. */
export interface LevelInput {
  /**
   * Height and width of this level's images. Unit: pixels.
   *
   * Each level has half the resolution of the one above it; below 4 comes 1.
   */
  resolution: number;
  /**
   * Width of the hidden states in the encoder and in the generator. Unit: channels.
   *
   * Time grows with its square. Keep high resolutions narrow: a layer at 32² costs four times as much as the same
   * one at 16².
   */
  channels: number;
  /**
   * Residual blocks of the encoder. Unit: blocks.
   *
   * One to three suit small models; the published ones have up to 14.
   */
  encoderBlocks: number;
  /**
   * Latent groups of the generator. Unit: groups.
   *
   * Raise it at 8² and 16² when samples have the right texture but no structure.
   */
  stochasticLayers: number;
  /**
   * Attention layers, spread evenly among the blocks and among the stochastic layers. Unit: layers.
   *
   * Its cost grows with the fourth power of the resolution: try 1 at 16² first.
   *
   * @defaultValue `0`
   */
  attention?: number;
}

/** A super-resolution model: its lowest level starts from a small image instead of a learned state. */
export interface SuperResolutionConfig {
  /**
   * Residual blocks at every level of the U-Net over the small image, highest resolution first. Unit: blocks.
   *
   * `[2, 2, 2]` as published; `[1, 1, 1]` for small models.
   */
  blocks: number[];
  /**
   * Standard deviation of the Gaussian noise on the small image, in training and in sampling. Unit: pixel values in
   * [−1, 1].
   *
   * Raise it when the cascade exaggerates artefacts of the base model's samples; lower it when the cascade redraws
   * what it is given.
   *
   * @defaultValue `0.1`
   */
  noise: number;
}

/** What may be written for {@link SuperResolutionConfig}. */
export interface SuperResolutionInput {
  /**
   * Residual blocks at every level of the U-Net over the small image, highest resolution first. Unit: blocks.
   *
   * `[2, 2, 2]` as published; `[1, 1, 1]` for small models.
   */
  blocks: number[];
  /**
   * Standard deviation of the Gaussian noise on the small image, in training and in sampling. Unit: pixel values in
   * [−1, 1].
   *
   * Raise it when the cascade exaggerates artefacts of the base model's samples; lower it when the cascade redraws
   * what it is given.
   *
   * @defaultValue `0.1`
   */
  noise?: number;
}

/** The network. */
export interface ModelConfig {
  /**
   * Height and width of the images. Unit: pixels.
   *
   * Images of other sizes are cropped to a square and resized. Twice the resolution takes about four times as long.
   */
  resolution: number;
  /**
   * Number of classes; 0 makes an unconditional model. Unit: classes.
   *
   * Set it to the number of class folders of your data. Guidance needs classes.
   *
   * @defaultValue `0`
   */
  classes: number;
  /**
   * Channels of every latent group. Unit: channels.
   *
   * 16 as published; 8 is enough for drawings.
   *
   * @defaultValue `16`
   */
  latentChannels: number;
  /**
   * Residual blocks at full resolution after the last latent group. Unit: blocks.
   *
   * One is enough for flat-coloured drawings; photographs gain from three.
   *
   * @defaultValue `3`
   */
  finalBlocks: number;
  /**
   * Adds a learned state to each level above the lowest, in the encoder and in the generator, so that places differ
   * (as in VDVAE, Child 2021).
   *
   * Try it where things have their place in the image, as in letters and faces. The paper's networks have none: they
   * tell places by the zeros around an image.
   *
   * @defaultValue `false`
   */
  positions: boolean;
  /**
   * Levels of the hierarchy, lowest resolution first, as latent groups are numbered.
   *
   * Put the depth where structure is decided, at 4² to 16², and keep the top level narrow and shallow.
   */
  levels: LevelConfig[];
  /**
   * Makes this a super-resolution model: its lowest level starts from a small image instead of a learned state.
   *
   * Leave it out for a base model.
   */
  superResolution?: SuperResolutionConfig;
}

/** What may be written for {@link ModelConfig}. */
export interface ModelInput {
  /**
   * Height and width of the images. Unit: pixels.
   *
   * Images of other sizes are cropped to a square and resized. Twice the resolution takes about four times as long.
   */
  resolution: number;
  /**
   * Number of classes; 0 makes an unconditional model. Unit: classes.
   *
   * Set it to the number of class folders of your data. Guidance needs classes.
   *
   * @defaultValue `0`
   */
  classes?: number;
  /**
   * Channels of every latent group. Unit: channels.
   *
   * 16 as published; 8 is enough for drawings.
   *
   * @defaultValue `16`
   */
  latentChannels?: number;
  /**
   * Residual blocks at full resolution after the last latent group. Unit: blocks.
   *
   * One is enough for flat-coloured drawings; photographs gain from three.
   *
   * @defaultValue `3`
   */
  finalBlocks?: number;
  /**
   * Adds a learned state to each level above the lowest, in the encoder and in the generator, so that places differ
   * (as in VDVAE, Child 2021).
   *
   * Try it where things have their place in the image, as in letters and faces. The paper's networks have none: they
   * tell places by the zeros around an image.
   *
   * @defaultValue `false`
   */
  positions?: boolean;
  /**
   * Levels of the hierarchy, lowest resolution first, as latent groups are numbered.
   *
   * Put the depth where structure is decided, at 4² to 16², and keep the top level narrow and shallow.
   */
  levels: LevelInput[];
  /**
   * Makes this a super-resolution model: its lowest level starts from a small image instead of a learned state.
   *
   * Leave it out for a base model.
   */
  superResolution?: SuperResolutionInput;
}

/** Shares that grow geometrically over the latent groups, as in the paper's base models (appendix B.2). */
export interface GeometricSchedule {
  /**
   * Shares grow geometrically from the first group to the last.
   *
   * For base models; `"on"` chooses it for them.
   */
  shares: "geometric";
  /**
   * Ratio of the last group's share to the first one's, before the shift. Unit: ratio.
   *
   * Lower it to give the first groups, which decide what an image is of, a larger part.
   *
   * @defaultValue `1000`
   */
  scale: number;
  /**
   * Added to every share, so that the first groups keep some. Unit: shares, of which the first group has 1.
   *
   * Raise it when the first groups carry nothing.
   *
   * @defaultValue `10`
   */
  shift: number;
}

/** What may be written for {@link GeometricSchedule}. */
export interface GeometricScheduleInput {
  /**
   * Shares grow geometrically from the first group to the last.
   *
   * For base models; `"on"` chooses it for them.
   */
  shares: "geometric";
  /**
   * Ratio of the last group's share to the first one's, before the shift. Unit: ratio.
   *
   * Lower it to give the first groups, which decide what an image is of, a larger part.
   *
   * @defaultValue `1000`
   */
  scale?: number;
  /**
   * Added to every share, so that the first groups keep some. Unit: shares, of which the first group has 1.
   *
   * Raise it when the first groups carry nothing.
   *
   * @defaultValue `10`
   */
  shift?: number;
}

/** The share of every group of one resolution. */
export interface ResolutionWeight {
  /**
   * Resolution of the groups. Unit: pixels.
   *
   * Name each of the model's resolutions once.
   */
  resolution: number;
  /**
   * Share of each group of this resolution, relative to the other groups. Unit: ratio.
   *
   * 2 where a group should carry twice as much as one with 1.
   */
  weight: number;
}

/** Shares by resolution, as in the paper's super-resolution model (appendix B.2). */
export interface PerResolutionSchedule {
  /**
   * All groups of a resolution have the same share.
   *
   * For super-resolution models; `"on"` chooses it for them.
   */
  shares: "per-resolution";
  /**
   * One weight for each of the model's resolutions.
   *
   * 1 for 32² and 2 for 64² as published.
   */
  weights: ResolutionWeight[];
}

/** Shares from a list: one number for every latent group. */
export interface ExplicitSchedule {
  /**
   * Shares come from a list.
   *
   * For experiments with shares of your own.
   */
  shares: "explicit";
  /**
   * Share of every latent group, relative to the others, lowest resolution first. Unit: ratio.
   *
   * One number for each group; `stochasticLayers` of `model.levels` add up to how many.
   */
  values: number[];
}

/** What training minimises. */
export interface ObjectiveConfig {
  /**
   * Distribution of an image given its latents.
   *
   * Keep `gaussian` for sample quality: its mean is the picture. `logistic-mixture` is what earlier models used, for
   * comparison.
   *
   * @defaultValue `"gaussian"`
   */
  output: "gaussian" | "logistic-mixture";
  /**
   * Gaussian output: standard deviation σ_q around each image. Unit: pixel values in [−1, 1].
   *
   * It says how exact a picture must be. 0.025, as published, is about 3 of 255 levels; 0.06 keeps a short run from
   * spending itself on shades.
   *
   * @defaultValue `0.025`
   */
  sigma: number;
  /**
   * Logistic mixture output: number of components. Unit: components.
   *
   * 10 is customary.
   *
   * @defaultValue `10`
   */
  mixtures: number;
  /**
   * Probability that the prior of a class-conditional model does not see an image's label. Unit: probability.
   *
   * Guidance needs some: keep 0.1. It means nothing in an unconditional model.
   *
   * @defaultValue `0.1`
   */
  labelDropout: number;
  /**
   * Weight λ_SR of the spectral regularisation. Unit: factor.
   *
   * Raise it when KL terms jump; lower it for very small models, whose latents it can silence.
   *
   * @defaultValue `0.05`
   */
  spectralWeight: number;
  /**
   * Target share of the information for every latent group: `"on"` for the published schedule that suits the model,
   * `"off"` to weight all KL terms with 1, or an object that says the shares.
   *
   * Keep it on: without it the last groups take nearly everything, and samples lose their structure.
   *
   * @defaultValue `"on"`
   */
  informationSchedule: false | InformationScheduleConfig;
}

/** What may be written for {@link ObjectiveConfig}. */
export interface ObjectiveInput {
  /**
   * Distribution of an image given its latents.
   *
   * Keep `gaussian` for sample quality: its mean is the picture. `logistic-mixture` is what earlier models used, for
   * comparison.
   *
   * @defaultValue `"gaussian"`
   */
  output?: "gaussian" | "logistic-mixture";
  /**
   * Gaussian output: standard deviation σ_q around each image. Unit: pixel values in [−1, 1].
   *
   * It says how exact a picture must be. 0.025, as published, is about 3 of 255 levels; 0.06 keeps a short run from
   * spending itself on shades.
   *
   * @defaultValue `0.025`
   */
  sigma?: number;
  /**
   * Logistic mixture output: number of components. Unit: components.
   *
   * 10 is customary.
   *
   * @defaultValue `10`
   */
  mixtures?: number;
  /**
   * Probability that the prior of a class-conditional model does not see an image's label. Unit: probability.
   *
   * Guidance needs some: keep 0.1. It means nothing in an unconditional model.
   *
   * @defaultValue `0.1`
   */
  labelDropout?: number;
  /**
   * Weight λ_SR of the spectral regularisation. Unit: factor.
   *
   * Raise it when KL terms jump; lower it for very small models, whose latents it can silence.
   *
   * @defaultValue `0.05`
   */
  spectralWeight?: number;
  /**
   * Target share of the information for every latent group: `"on"` for the published schedule that suits the model,
   * `"off"` to weight all KL terms with 1, or an object that says the shares.
   *
   * Keep it on: without it the last groups take nearly everything, and samples lose their structure.
   *
   * @defaultValue `"on"`
   */
  informationSchedule?: boolean | "on" | "off" | GeometricScheduleInput | PerResolutionSchedule | ExplicitSchedule;
}

/** The optimizer, its learning rate, and the rule that skips updates. */
export interface OptimizerConfig {
  /**
   * Rule by which gradients renew the weights.
   *
   * `adamax`, as published. `adam` takes the root of the mean squared gradient in place of the infinity norm.
   *
   * @defaultValue `"adamax"`
   */
  kind: "adamax" | "adam";
  /**
   * Learning rate of the first update. Unit: step size per update.
   *
   * A tenth of `maxLearningRate` or less.
   */
  startLearningRate: number;
  /**
   * Learning rate after the warm-up. Unit: step size per update.
   *
   * Halve it when training diverges or skips many updates. Small models take ten times the published rates.
   */
  maxLearningRate: number;
  /**
   * Learning rate from `decaySteps` on; at most `maxLearningRate`. Unit: step size per update.
   *
   * A short run gains from a low end, 1e-5.
   */
  minLearningRate: number;
  /**
   * Length of the linear warm-up. Unit: updates.
   *
   * Raise it when the first updates are skipped or diverge.
   *
   * @defaultValue `50`
   */
  warmupSteps: number;
  /**
   * Updates after which the cosine has reached `minLearningRate`. Unit: updates.
   *
   * Set it to `training.steps`, so that the run ends at the lowest rate.
   */
  decaySteps: number;
  /**
   * Decay of the mean gradient. Unit: per update.
   *
   * No need to change it.
   *
   * @defaultValue `0.9`
   */
  beta1: number;
  /**
   * Decay of the infinity norm (Adamax), or of the mean squared gradient (Adam). Unit: per update.
   *
   * 0.95 for runs of a few thousand updates: the first hundred gradients are huge, and 0.999 would remember them for
   * the whole run.
   *
   * @defaultValue `0.999`
   */
  beta2: number;
  /**
   * Keeps from dividing by 0: added to |gradient| inside the infinity norm (Adamax), or to the root of the mean
   * square (Adam). Unit: gradient.
   *
   * No need to change it.
   *
   * @defaultValue `1e-8`
   */
  epsilon: number;
  /**
   * Number format of the optimizer's moments between updates.
   *
   * `bfloat16` halves their memory. With `beta2` above 0.998 Adamax's infinity norm then no longer decays, since the
   * product rounds back to what it was: steps become smaller and never larger again.
   *
   * @defaultValue `"float32"`
   */
  stateType: "float32" | "bfloat16";
  /**
   * An update whose gradient norm, divided by 3·H·W, exceeds this is skipped once 1,000 updates are done. Unit:
   * gradient norm per pixel value.
   *
   * 200 to 300 as published. Raise it when a healthy run skips many updates.
   */
  skipThreshold: number;
}

/** What may be written for {@link OptimizerConfig}. */
export interface OptimizerInput {
  /**
   * Rule by which gradients renew the weights.
   *
   * `adamax`, as published. `adam` takes the root of the mean squared gradient in place of the infinity norm.
   *
   * @defaultValue `"adamax"`
   */
  kind?: "adamax" | "adam";
  /**
   * Learning rate of the first update. Unit: step size per update.
   *
   * A tenth of `maxLearningRate` or less.
   */
  startLearningRate: number;
  /**
   * Learning rate after the warm-up. Unit: step size per update.
   *
   * Halve it when training diverges or skips many updates. Small models take ten times the published rates.
   */
  maxLearningRate: number;
  /**
   * Learning rate from `decaySteps` on; at most `maxLearningRate`. Unit: step size per update.
   *
   * A short run gains from a low end, 1e-5.
   */
  minLearningRate: number;
  /**
   * Length of the linear warm-up. Unit: updates.
   *
   * Raise it when the first updates are skipped or diverge.
   *
   * @defaultValue `50`
   */
  warmupSteps?: number;
  /**
   * Updates after which the cosine has reached `minLearningRate`. Unit: updates.
   *
   * Set it to `training.steps`, so that the run ends at the lowest rate.
   */
  decaySteps: number;
  /**
   * Decay of the mean gradient. Unit: per update.
   *
   * No need to change it.
   *
   * @defaultValue `0.9`
   */
  beta1?: number;
  /**
   * Decay of the infinity norm (Adamax), or of the mean squared gradient (Adam). Unit: per update.
   *
   * 0.95 for runs of a few thousand updates: the first hundred gradients are huge, and 0.999 would remember them for
   * the whole run.
   *
   * @defaultValue `0.999`
   */
  beta2?: number;
  /**
   * Keeps from dividing by 0: added to |gradient| inside the infinity norm (Adamax), or to the root of the mean
   * square (Adam). Unit: gradient.
   *
   * No need to change it.
   *
   * @defaultValue `1e-8`
   */
  epsilon?: number;
  /**
   * Number format of the optimizer's moments between updates.
   *
   * `bfloat16` halves their memory. With `beta2` above 0.998 Adamax's infinity norm then no longer decays, since the
   * product rounds back to what it was: steps become smaller and never larger again.
   *
   * @defaultValue `"float32"`
   */
  stateType?: "float32" | "bfloat16";
  /**
   * An update whose gradient norm, divided by 3·H·W, exceeds this is skipped once 1,000 updates are done. Unit:
   * gradient norm per pixel value.
   *
   * 200 to 300 as published. Raise it when a healthy run skips many updates.
   */
  skipThreshold: number;
}

/** The run: batches, length, checkpoints, and what is shown on the way. */
export interface TrainingConfig {
  /**
   * Images of one update. Unit: images.
   *
   * Memory does not limit it, since batches are split to fit. Small sets do well with 16 to 32.
   */
  batchSize: number;
  /**
   * Images whose gradients are computed at once, a divisor of `batchSize`; `"auto"` takes what fits into memory.
   * Unit: images.
   *
   * Lower it when memory runs out. The result stays the same up to rounding.
   *
   * @defaultValue `"auto"`
   */
  microBatchSize: number | "auto";
  /**
   * Gradient checkpointing: recompute the inside of residual blocks in the backward pass instead of keeping it;
   * `"auto"` does so where memory is short.
   *
   * `true` takes far less memory and about a tenth more time.
   *
   * @defaultValue `"auto"`
   */
  rematerialise: boolean | "auto";
  /**
   * Length of the run. Unit: batches.
   *
   * Set `optimizer.decaySteps` with it.
   */
  steps: number;
  /**
   * Flip images left to right half of the time.
   *
   * `false` for text, digits and whatever else a mirror spoils; `true` helps small sets.
   */
  flips: boolean;
  /**
   * Decay of the moving average of the weights, which all samples and figures use. Unit: per update.
   *
   * 0.999 for runs of thousands of updates, 0.9997 and more for hundreds of thousands.
   */
  emaDecay: number;
  /**
   * Use the smaller decay (1 + t) / (10 + t) while only a few updates t are done.
   *
   * `true` for short runs, so that the average forgets the random start.
   *
   * @defaultValue `false`
   */
  emaWarmup: boolean;
  /**
   * Distance between checkpoints. Unit: updates.
   *
   * A crash costs at most this much work. Stopping a run saves it as well.
   */
  checkpointEvery: number;
  /**
   * Number of newest checkpoints to keep; the best on held-out images is kept besides. Unit: checkpoints.
   *
   * Lower it when the disk is small.
   *
   * @defaultValue `3`
   */
  keepCheckpoints: number;
  /**
   * Keep the first checkpoint from every multiple of this for good; 0 keeps none. Unit: batches.
   *
   * 100,000 gives runs of weeks a way back.
   *
   * @defaultValue `0`
   */
  keepEvery: number;
  /**
   * Updates skipped in a row after which training stops and says what was wrong with them. Unit: updates.
   *
   * No need to change it.
   *
   * @defaultValue `50`
   */
  maxConsecutiveSkips: number;
  /**
   * Distance between lines of metrics. Unit: batches.
   *
   * 500 for runs of hundreds of thousands of batches.
   *
   * @defaultValue `50`
   */
  logEvery: number;
  /**
   * Distance between evaluations on held-out images. Unit: batches.
   *
   * Raise it when evaluation takes a noticeable part of the time.
   */
  evaluateEvery: number;
  /**
   * Distance between grids of samples and reconstructions; early in a run they come more often. Unit: batches.
   *
   * As often as you want to look.
   */
  sampleEvery: number;
  /**
   * Seed of initial weights, data order and noise.
   *
   * Repeat a run under several seeds before you trust a small difference.
   *
   * @defaultValue `0`
   */
  seed: number;
}

/** What may be written for {@link TrainingConfig}. */
export interface TrainingInput {
  /**
   * Images of one update. Unit: images.
   *
   * Memory does not limit it, since batches are split to fit. Small sets do well with 16 to 32.
   */
  batchSize: number;
  /**
   * Images whose gradients are computed at once, a divisor of `batchSize`; `"auto"` takes what fits into memory.
   * Unit: images.
   *
   * Lower it when memory runs out. The result stays the same up to rounding.
   *
   * @defaultValue `"auto"`
   */
  microBatchSize?: number | "auto";
  /**
   * Gradient checkpointing: recompute the inside of residual blocks in the backward pass instead of keeping it;
   * `"auto"` does so where memory is short.
   *
   * `true` takes far less memory and about a tenth more time.
   *
   * @defaultValue `"auto"`
   */
  rematerialise?: boolean | "auto";
  /**
   * Length of the run. Unit: batches.
   *
   * Set `optimizer.decaySteps` with it.
   */
  steps: number;
  /**
   * Flip images left to right half of the time.
   *
   * `false` for text, digits and whatever else a mirror spoils; `true` helps small sets.
   */
  flips: boolean;
  /**
   * Decay of the moving average of the weights, which all samples and figures use. Unit: per update.
   *
   * 0.999 for runs of thousands of updates, 0.9997 and more for hundreds of thousands.
   */
  emaDecay: number;
  /**
   * Use the smaller decay (1 + t) / (10 + t) while only a few updates t are done.
   *
   * `true` for short runs, so that the average forgets the random start.
   *
   * @defaultValue `false`
   */
  emaWarmup?: boolean;
  /**
   * Distance between checkpoints. Unit: updates.
   *
   * A crash costs at most this much work. Stopping a run saves it as well.
   */
  checkpointEvery: number;
  /**
   * Number of newest checkpoints to keep; the best on held-out images is kept besides. Unit: checkpoints.
   *
   * Lower it when the disk is small.
   *
   * @defaultValue `3`
   */
  keepCheckpoints?: number;
  /**
   * Keep the first checkpoint from every multiple of this for good; 0 keeps none. Unit: batches.
   *
   * 100,000 gives runs of weeks a way back.
   *
   * @defaultValue `0`
   */
  keepEvery?: number;
  /**
   * Updates skipped in a row after which training stops and says what was wrong with them. Unit: updates.
   *
   * No need to change it.
   *
   * @defaultValue `50`
   */
  maxConsecutiveSkips?: number;
  /**
   * Distance between lines of metrics. Unit: batches.
   *
   * 500 for runs of hundreds of thousands of batches.
   *
   * @defaultValue `50`
   */
  logEvery?: number;
  /**
   * Distance between evaluations on held-out images. Unit: batches.
   *
   * Raise it when evaluation takes a noticeable part of the time.
   */
  evaluateEvery: number;
  /**
   * Distance between grids of samples and reconstructions; early in a run they come more often. Unit: batches.
   *
   * As often as you want to look.
   */
  sampleEvery: number;
  /**
   * Seed of initial weights, data order and noise.
   *
   * Repeat a run under several seeds before you trust a small difference.
   *
   * @defaultValue `0`
   */
  seed?: number;
}

/** A complete configuration: what the network is, what it minimises, and how it is trained. */
export interface Config {
  /**
   * Name of the preset that this configuration starts from.
   *
   * Name one, and write only what differs from it.
   *
   * @defaultValue `"custom"`
   */
  preset: string;
  /** The network. */
  model: ModelConfig;
  /** What training minimises. */
  objective: ObjectiveConfig;
  /** The optimizer, its learning rate, and the rule that skips updates. */
  optimizer: OptimizerConfig;
  /** The run: batches, length, checkpoints, and what is shown on the way. */
  training: TrainingConfig;
}

/** What may be written for {@link Config}. */
export interface CompleteConfigInput {
  /**
   * Name of the preset that this configuration starts from.
   *
   * Name one, and write only what differs from it.
   *
   * @defaultValue `"custom"`
   */
  preset?: string;
  /** The network. */
  model: ModelInput;
  /** What training minimises. */
  objective?: ObjectiveInput;
  /** The optimizer, its learning rate, and the rule that skips updates. */
  optimizer: OptimizerInput;
  /** The run: batches, length, checkpoints, and what is shown on the way. */
  training: TrainingInput;
}

/** An information schedule: the share of an image's information that each latent group should carry. */
export type InformationScheduleConfig = GeometricSchedule | PerResolutionSchedule | ExplicitSchedule;

/** What may be written for {@link InformationScheduleConfig}. */
export type InformationScheduleInput = GeometricScheduleInput | PerResolutionSchedule | ExplicitSchedule;
