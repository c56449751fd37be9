/** @file The lines of `metrics.jsonl`: what each kind of line holds. */
import { z } from "zod";
import { SKIP_REASONS } from "../optimizer/skip-rule.js";

/** JSON knows no NaN and no infinity: numbers that are not finite are written as null and read back as NaN. */
const number = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const numbers = z.array(number);
const count = z.number().int().nonnegative();

const group = z.object({
  /** 0 is the lowest resolution. */
  index: count,
  resolution: z.number().int().positive(),
  /** Latent channels. */
  channels: z.number().int().positive(),
  /** Target share of the information, in [0, 1]; null without an information schedule. */
  share: z.number().nullable(),
});

const runLine = z.object({
  type: z.literal("run"),
  /** ISO 8601, the moment the run or its continuation began. */
  time: z.string(),
  version: z.string(),
  node: z.string(),
  /** Where it computes: `cpu` or `webgpu`. */
  device: z.string().default("cpu"),
  threads: count,
  preset: z.string(),
  data: z.string(),
  trainImages: count,
  validationImages: count,
  parameters: count,
  /** Step whose checkpoint this part of the run resumed from; null for a fresh start. */
  resumedFrom: count.nullable(),
  /** Training time of the run before this part; logs of older versions lack it. */
  seconds: number.optional(),
  groups: z.array(group),
});

const trainLine = z.object({
  type: z.literal("train"),
  /** Batches seen. */
  step: count,
  images: count,
  /** Training time of the whole run so far. */
  seconds: number,
  imagesPerSecond: number,
  /** Share of the time in which the engine waited for images, in [0, 1]. */
  dataWaitShare: number.default(0),
  lossNats: number,
  distortionNats: number,
  klNats: number,
  klWeightedNats: number,
  spectral: number,
  learningRate: number,
  gradientNorm: number,
  /** Updates skipped since the start of the run. */
  skips: count,
  /** [L], lowest resolution first. */
  groupKlNats: numbers,
});

const validationLine = z.object({
  type: z.literal("validation"),
  /** Which images were measured: held-out ones, or as many of the training set. */
  split: z.enum(["validation", "train"]),
  step: count,
  images: count,
  seconds: number,
  /** Images measured. */
  count,
  /** Bound on the discretised negative log-likelihood. */
  bitsPerDim: number,
  /** Distortion plus unweighted KL. */
  boundNats: number,
  distortionNats: number,
  klNats: number,
  psnrDb: number,
  /** [L], lowest resolution first. */
  groupKlNats: numbers,
});

const skipLine = z.object({
  type: z.literal("skip"),
  /** Batches seen, this one included. */
  step: count,
  images: count,
  seconds: number,
  reason: z.enum(SKIP_REASONS),
  /** How many updates in a row have been skipped, this one included. */
  consecutive: count,
  lossNats: number,
  distortionNats: number,
  klNats: number,
  gradientNorm: number,
  /** [L], lowest resolution first. */
  groupKlNats: numbers,
});

const plateauLine = z.object({
  type: z.literal("plateau"),
  step: count,
  images: count,
  seconds: number,
  /** The step with the smallest bound on held-out images so far, and that bound. */
  bestStep: count,
  bestBitsPerDim: number,
  /** Evaluations since, none of them better. */
  evaluations: count,
});

const lineSchemas = [runLine, trainLine, validationLine, skipLine, plateauLine] as const;
/** Any line of a log. */
export const metricsLine = z.discriminatedUnion("type", lineSchemas);
/** The kinds of lines that this version knows. */
export const LINE_TYPES: readonly string[] = lineSchemas.map(({ shape }) => shape.type.value);

/** One latent group as the log describes it. */
export type GroupInfo = z.output<typeof group>;
/** Written when a run starts and whenever it resumes. */
export type RunLine = z.output<typeof runLine>;
/** Means over the batches since the line before; nats per image. */
export type TrainLine = z.output<typeof trainLine>;
/** Measured with the EMA weights; nats per image. */
export type ValidationLine = z.output<typeof validationLine>;
/** One batch whose update was skipped; nats per image, means over the batch. */
export type SkipLine = z.output<typeof skipLine>;
/** Written once when the bound on held-out images has not improved for long. */
export type PlateauLine = z.output<typeof plateauLine>;
/** A line of `metrics.jsonl`, told apart by its `type`. */
export type MetricsLine = z.output<typeof metricsLine>;
