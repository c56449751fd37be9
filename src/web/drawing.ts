/** @file Sampling, decoding and encoding with the graphs of an exported model: the pictures that Node draws, from the same noise. */
import type { ModelConfig } from "../config/index.js";
import { UserError } from "../errors.js";
import { rows } from "../inference/batches.js";
import { fromBytes, toBytes } from "../inference/pictures.js";
import { checkSampling } from "../latents/check-sampling.js";
import { labelsOfSamples } from "../latents/labels.js";
import { type Latents, latentsOfSamples } from "../latents/latents.js";
import { normalNoise, stream, uniformNoise } from "../latents/noise.js";
import { type Guidance, type GuidanceWeights, guidanceWeights, type Temperature } from "../latents/per-group.js";
import { type Group, groups } from "../model/groups.js";
import { flowTimes, solve } from "../refinement/solver.js";
import type { GraphArray, Graphs } from "./graphs.js";
import type { WebModelInfo } from "./manifest.js";

/** What to draw. */
export interface DrawRequest {
  count: number;
  seed?: number;
  samples?: readonly number[];
  latents?: Latents;
  temperature?: Temperature;
  /** For all images, or one for each. */
  guidance?: Guidance;
  guidances?: readonly (Guidance | undefined)[];
  /** Whether the refinement draws the first groups, and its guidance weight for all images or for each. */
  refined?: boolean;
  refineGuidance?: number | readonly number[];
  labels?: Int32Array;
  lowResolution?: Float32Array;
  /** Images at once. */
  batch: number;
  /** Whether to tell the values of the images too. */
  asValues?: boolean;
}

/** Images to encode, uint8 [count, 3, R, R]. */
export interface EncodeRequest {
  images: Uint8Array;
  count: number;
  resolution: number;
  labels?: Int32Array;
  seed?: number;
  batch: number;
}

/** Some images that were drawn: the first of them by its number, uint8 [n, 3, R, R]. */
export interface DrawnPart {
  first: number;
  images: Uint8Array<ArrayBuffer>;
  /** The same in [-1, 1], not rounded, where that was asked for. */
  values?: Float32Array<ArrayBuffer>;
}

/** What images are encoded to. */
export interface Encoded {
  /** The noise with which they are drawn again, [count, Z, r, r] for each group. */
  latents: Latents;
  /** KL of each image's groups, nats, [count, L]. */
  rateNats: Float32Array<ArrayBuffer>;
}

/** The labels of what is drawn: those that are given, or drawn in the training set's proportions. */
export function labelsOf({ config, classCounts }: WebModelInfo, request: DrawRequest): Int32Array {
  if (config.classes === 0) return new Int32Array(0);
  return request.labels ?? labelsOfSamples({ classCounts }, config.classes, samplesOf(request), request.seed ?? 0);
}

const samplesOf = ({ samples, count }: DrawRequest): readonly number[] =>
  samples ?? Array.from({ length: count }, (_, index) => index);

/**
 * Draws images, a part at a time.
 *
 * @throws UserError when what is asked does not fit the model
 */
export async function* draw(
  graphs: Pick<Graphs, "run">,
  info: WebModelInfo,
  request: DrawRequest,
): AsyncGenerator<DrawnPart, void> {
  const { config: model, outputNoise } = info;
  const { count, seed = 0, temperature, batch, refined = false } = request;
  checkSampling(model, request);
  checkRefined(info, request);
  const samples = samplesOf(request);
  const labels = labelsOf(info, request);
  const all = groups(model);
  const weights = weightsOfImages(model, request);
  const graph = refined ? "flow-end" : weights ? "guided" : "sampler";
  const low = model.levels[0].resolution;
  for (let first = 0; first < count; first += batch) {
    const indices = Array.from({ length: Math.min(batch, count - first) }, (_, row) => first + row);
    const numbers = indices.map((index) => samples[index]);
    const n = indices.length;
    const label: Record<string, GraphArray> =
      model.classes > 0 ? { label: { data: rows(labels, indices, 1), shape: [n] } } : {};
    const drawnNoise =
      request.latents?.map((values) => rows(values, indices, values.length / count)) ??
      latentsOfSamples(model, numbers, { seed, temperature });
    const noise = refined ? await refine(graphs, info, drawnNoise, { request, indices, label }) : drawnNoise;
    const { image } = await graphs.run(graph, {
      ...byGroup("noise", noise, all, n),
      ...(refined ? {} : { temperature: { data: Float32Array.of(1), shape: [1] } }), // the noise has it
      ...label,
      ...(weights
        ? { guidance_mean: ofRows(weights.mean, indices), guidance_variance: ofRows(weights.variance, indices) }
        : {}),
      ...(model.superResolution
        ? {
            low_resolution: { data: rows(request.lowResolution!, indices, 3 * low ** 2), shape: [n, 3, low, low] },
            low_resolution_noise: {
              data: normalNoise(stream(seed, "sampleLowResolution"), numbers, [[3, low, low]])[0],
              shape: [n, 3, low, low],
            },
          }
        : {}),
      ...(outputNoise ? { output_noise: noiseOfOutput(model, outputNoise, seed, numbers) } : {}),
    });
    yield {
      first,
      images: toBytes(image) as Uint8Array<ArrayBuffer>,
      ...(request.asValues ? { values: Float32Array.from(image) } : {}), // the graph's own memory is reused
    };
  }

  function ofRows(perImage: Float32Array, indices: readonly number[]): GraphArray {
    return { data: rows(perImage, indices, all.length), shape: [indices.length, all.length] };
  }
}

/** The noise of some images, that of the first groups carried along the flow of the refinement to its end. */
async function refine(
  graphs: Pick<Graphs, "run">,
  { config: model, refinement }: WebModelInfo,
  noise: Latents,
  { request, indices, label }: { request: DrawRequest; indices: readonly number[]; label: Record<string, GraphArray> },
): Promise<Latents> {
  const { groups: count, steps } = refinement!;
  const first = groups(model).slice(0, count);
  const n = indices.length;
  const weights = Float32Array.from(indices, (index) => refineWeight(request, index));
  const condition = { ...label, ...(model.classes > 0 ? { refine_guidance: { data: weights, shape: [n] } } : {}) };
  const end = await solve(
    async (point, time) => {
      const inputs = { ...byGroup("point", [...point], first, n), time: { data: Float32Array.of(time), shape: [1] } };
      const velocity = await graphs.run("velocity", { ...inputs, ...condition });
      return first.map(({ index }) => velocity[`velocity_${index}`]);
    },
    noise.slice(0, count),
    flowTimes(steps),
  );
  return [...end, ...noise.slice(count)];
}

/** The refinement's guidance of one image. */
const refineWeight = ({ refineGuidance = 0 }: DrawRequest, index: number): number =>
  typeof refineGuidance === "number" ? refineGuidance : refineGuidance[index];

/** @throws UserError when a refinement is asked for that is not there, or for what it does not do */
function checkRefined({ config, refinement }: WebModelInfo, request: DrawRequest): void {
  const { refined = false, refineGuidance, guidance, guidances, count } = request;
  if (!refined && refineGuidance !== undefined)
    throw new UserError("invalid-options", "Expected `refined` with `refineGuidance`.");
  if (!refined) return;
  if (!refinement)
    throw new UserError("wrong-model", "Expected a model that was exported with a refinement, got one without.", {
      advice: "Refine the run and export it again, or leave `refined` out.",
    });
  if (guidance !== undefined || guidances?.some((each) => each !== undefined))
    throw new UserError("invalid-options", "Expected no guidance of the prior with `refined`, but `refineGuidance`.");
  const weights = Array.from({ length: count }, (_, index) => refineWeight(request, index));
  if (weights.some((weight) => !Number.isFinite(weight) || (weight !== 0 && config.classes === 0)))
    throw new UserError(
      "missing-classes",
      `Expected a finite guidance weight for each image of a model with classes, got ${weights}.`,
    );
}

/** Guidance weights of every image and group, [count, L] each; undefined where none is guided. */
function weightsOfImages(model: ModelConfig, { count, guidance, guidances }: DrawRequest): GuidanceWeights | undefined {
  if (guidances && guidances.length !== count)
    throw new UserError("wrong-shape", `Expected guidance for each of ${count} images, got ${guidances.length}.`);
  const wanted = Array.from({ length: count }, (_, index) => guidances?.[index] ?? guidance);
  if (!wanted.some((each) => each !== undefined)) return undefined;
  const L = groups(model).length;
  const [mean, variance] = [new Float32Array(count * L), new Float32Array(count * L)];
  for (const [index, each] of wanted.entries()) {
    if (!each) continue;
    const own = guidanceWeights(each, model);
    mean.set(own.mean, index * L);
    variance.set(own.variance, index * L);
  }
  return mean.some((weight) => weight !== 0) || variance.some((weight) => weight !== 0)
    ? { mean, variance }
    : undefined;
}

function noiseOfOutput(
  { resolution }: ModelConfig,
  { kind, channels }: NonNullable<WebModelInfo["outputNoise"]>,
  seed: number,
  numbers: readonly number[],
): GraphArray {
  const shape = [channels, resolution, resolution];
  const key = stream(seed, "sampleOutput");
  const data =
    kind === "normal" ? normalNoise(key, numbers, [shape])[0] : uniformNoise(key, numbers, channels * resolution ** 2);
  return { data, shape: [numbers.length, ...shape] };
}

/**
 * Encodes images.
 *
 * @param between - is waited for between parts
 * @throws UserError when they do not fit the model
 */
export async function encode(
  graphs: Pick<Graphs, "run">,
  { config: model }: WebModelInfo,
  request: EncodeRequest,
  between: () => Promise<void> = async () => {},
): Promise<Encoded> {
  checkEncoding(model, request);
  const { images, count, labels, seed = 0, batch } = request;
  const all = groups(model);
  const shapes = all.map(({ shape }) => shape);
  const side = model.resolution;
  const latents = shapes.map(([channels, r]) => new Float32Array(count * channels * r ** 2));
  const rateNats = new Float32Array(count * all.length);
  for (let first = 0; first < count; first += batch) {
    await between();
    const indices = Array.from({ length: Math.min(batch, count - first) }, (_, row) => first + row);
    const n = indices.length;
    const encoded = await graphs.run("encoder", {
      image: { data: fromBytes(rows(images, indices, 3 * side ** 2)), shape: [n, 3, side, side] },
      ...byGroup("noise", normalNoise(stream(seed, "posteriorLatents"), indices, shapes), all, n),
      ...(model.classes > 0 ? { label: { data: rows(labels!, indices, 1), shape: [n] } } : {}),
    });
    for (const [group, own] of latents.entries())
      own.set(encoded[`sampler_noise_${group}`], (first * own.length) / count);
    rateNats.set(encoded.rate_nats, first * all.length);
  }
  return { latents, rateNats };
}

function checkEncoding(model: ModelConfig, { images, count, resolution, labels }: EncodeRequest): void {
  if (model.superResolution) {
    throw new UserError(
      "wrong-model",
      "Noise of an image: expected a base model, got a super-resolution model, whose pictures depend on a small image too.",
    );
  }
  if (resolution !== model.resolution) {
    throw new UserError(
      "wrong-shape",
      `Expected images of ${model.resolution}×${model.resolution} pixels, as the model was made for, got ${resolution}×${resolution}.`,
    );
  }
  const size = count * 3 * resolution ** 2;
  if (images.length !== size)
    throw new UserError("wrong-shape", `Expected ${size} bytes of ${count} images, got ${images.length}.`);
  if (model.classes > 0 && !labels) {
    throw new UserError(
      "wrong-shape",
      `Expected a label for each of ${count} images, since the model knows ${model.classes} classes, got none.`,
    );
  }
  checkSampling(model, { count, labels: model.classes > 0 ? labels : undefined });
}

const byGroup = (prefix: string, arrays: Latents, all: readonly Group[], n: number): Record<string, GraphArray> =>
  Object.fromEntries(arrays.map((data, group) => [`${prefix}_${group}`, { data, shape: [n, ...all[group].shape] }]));
