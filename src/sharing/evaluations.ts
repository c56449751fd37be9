/** @file Measures of a model as `evaluate` wrote them, with what they were measured by. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readFailure, UserError } from "../errors.js";
import { headNames } from "../heads/heads.js";
import { parseJson } from "../io/files/json.js";
import { shareableSource } from "./shareable.js";

/** Of one image there is no error. */
const figure = z.object({ mean: z.number(), standardError: z.number().nullable() });
const likelihood = z.object({ count: z.int().nonnegative(), samples: z.int().positive(), bitsPerDim: figure });
const words = z.array(z.string());
const schema = z.object({
  version: z.string().default(""),
  step: z.int().nonnegative().optional(),
  seed: z.int().nonnegative().default(0),
  data: z.string().optional(),
  split: z.string().optional(),
  temperature: words.optional(),
  guidance: words.optional(),
  label: z.string().optional(),
  samplesMeasured: z.int().nonnegative().optional(),
  features: z.object({ name: z.string() }).optional(),
  reference: z.object({ name: z.string(), images: z.int().nonnegative() }).optional(),
  quality: z.record(z.string(), z.object({ name: z.string(), value: z.number() })).optional(),
  likelihood: likelihood.optional(),
  headLikelihoods: z.partialRecord(z.enum(headNames), likelihood).optional(),
});

/** One measure. */
export interface Measure {
  /** As others know it: `fid` with the Inception network alone, `pixels-fid` with other features. */
  type: string;
  name: string;
  value: number;
  /** Of the mean. */
  standardError?: number;
  /** The images that it was measured on. */
  data: string;
  /** By what, in words. */
  settings: string;
}

/** Larger files are none of ours, bytes. */
const LARGEST = 2 ** 24;

/**
 * The measures in the folder of an evaluation.
 *
 * @param step - of the weights that they are to be of
 * @throws UserError when there are none, or they are of other weights
 */
export async function readMeasures(folder: string, step: number): Promise<Measure[]> {
  const path = join(folder, "metrics.json");
  const refuse = (problem: string, code: "unsupported-format" | "mismatch" = "unsupported-format"): never => {
    throw new UserError(code, `Expected the folder of an evaluation at ${folder}, but ${problem}.`);
  };
  const bytes = await readBounded(path).catch((error: Error) => {
    if (error instanceof UserError) throw error;
    throw new UserError(
      readFailure(error),
      `Expected the folder of an evaluation at ${folder}, but ${path} cannot be read: ${error.message}.`,
    );
  });
  const parsed = schema.safeParse(parseJson(bytes, (problem) => refuse(`${path} is no JSON (${problem})`)));
  if (!parsed.success) return refuse(`${path} is not what evaluate writes:\n${z.prettifyError(parsed.error)}`);
  const { quality = {}, likelihood, headLikelihoods = {}, ...how } = parsed.data;
  if (how.step !== undefined && how.step !== step)
    refuse(`it measured the weights of step ${how.step}, and these are of step ${step}`, "mismatch");
  const measures = [
    ...Object.entries(quality).map(([type, { name, value }]) => qualityMeasure(type, name, value, how)),
    ...(likelihood ? [likelihoodMeasure(likelihood, how)] : []),
    ...Object.entries(headLikelihoods).map(([head, ofHead]) => likelihoodMeasure(ofHead, how, head)),
  ];
  return measures.length > 0 ? measures : refuse(`${path} has neither measures of samples nor a likelihood`);
}

async function readBounded(path: string): Promise<Uint8Array> {
  const { size } = await stat(path);
  if (size <= LARGEST) return readFile(path);
  throw new UserError("too-large", `Expected at most ${LARGEST} bytes in ${path}, got ${size}.`);
}

type How = Omit<z.output<typeof schema>, "quality" | "likelihood" | "headLikelihoods">;

function qualityMeasure(type: string, name: string, value: number, how: How): Measure {
  const { samplesMeasured, reference, features, seed, temperature, guidance, label } = how;
  const sampling = [
    temperature && `temperature ${temperature.join(" ")}`,
    guidance && `guidance ${guidance.join(" ")}`,
    label && `label ${label}`,
  ].filter(Boolean);
  const drawn = sampling.length > 0 ? sampling.join(", ") : "plain sampling";
  const against = reference ? ` against ${reference.images} images` : "";
  const by = features ? `, features ${features.name}` : "";
  const known = features && features.name !== "inception" ? `${features.name}-${type}` : type;
  return {
    ...{ type: known, name, value },
    data: shareableSource(reference?.name ?? how.data ?? "unknown"),
    settings: `${samplesMeasured ?? "?"} samples${against}${by}, seed ${seed}, ${drawn}`,
  };
}

/** @param head - whose code the pixels have, in place of the model's output layer's */
function likelihoodMeasure(
  { count, samples, bitsPerDim: { mean, standardError } }: z.output<typeof likelihood>,
  { split = "test", data = "unknown", seed }: How,
  head?: string,
): Measure {
  const by = head === undefined ? "" : ` with the ${head} head`;
  const bound = samples === 1 ? "" : `, ${samples} posterior samples an image`;
  return {
    ...{ type: "bits-per-dimension", name: `negative log-likelihood${by}, upper bound (bits per dimension)` },
    ...{ value: mean, standardError: standardError ?? undefined },
    data: shareableSource(data),
    settings: `${count} ${split} images${bound}, seed ${seed}`,
  };
}
