/** @file Curves of other models, from the folders of their evaluations, to be drawn beside those of this one. */
import { readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { UserError } from "../../errors.js";
import type { ModelInformation } from "../../inference/measures/information.js";
import type { RateDistortion } from "../../inference/measures/rate-distortion.js";
import { parseJson } from "../../io/files/json.js";

/** What charts need of an evaluation. */
export interface OtherEvaluation {
  /** Of the folder. */
  name: string;
  rateDistortion?: RateDistortion;
  information?: ModelInformation;
}

const count = z.int().nonnegative();
const figure = z.number();
const schema = z.object({
  rateDistortion: z
    .object({
      count,
      points: z.array(z.object({ allottedBitsPerDim: figure.nullable(), rateBitsPerDim: figure, rmse: figure })),
    })
    .optional(),
  information: z
    .object({
      count,
      klNats: figure,
      activeDimensions: count,
      dimensions: count,
      groups: z.array(
        z.object({
          resolution: count,
          klNats: figure,
          cumulativeShare: figure,
          targetCumulativeShare: figure.nullable(),
          activeDimensions: count,
          dimensions: count,
        }),
      ),
    })
    .optional(),
});

/** Larger files are no figures of ours, bytes. */
const LARGEST = 2 ** 24;

/**
 * Reads the `metrics.json` of a folder that `evaluate` wrote.
 *
 * @throws UserError when there is none, or it has no curves
 */
export async function readEvaluation(folder: string): Promise<OtherEvaluation> {
  const path = join(folder, "metrics.json");
  const refuse = (problem: string): never => {
    throw new UserError(
      "unsupported-format",
      `--beside ${folder}: expected the folder of an evaluation with rate-distortion or information, but ${problem}.`,
    );
  };
  const unreadable = (error: Error) => refuse(`${path} cannot be read (${error.message})`);
  const status = await stat(path).catch(unreadable);
  if (!status.isFile()) return refuse(`${path} is no file`);
  if (status.size > LARGEST) return refuse(`${path} has ${status.size} bytes; ${LARGEST} are the most`);
  const bytes = await readFile(path).catch(unreadable);
  const content = parseJson(bytes, (problem) => refuse(`${path} is no JSON (${problem})`));
  const parsed = schema.safeParse(content);
  if (!parsed.success) return refuse(`${path} is not what evaluate writes:\n${z.prettifyError(parsed.error)}`);
  const { rateDistortion, information } = parsed.data;
  if (!rateDistortion && !information) return refuse(`${path} has neither`);
  return { name: basename(resolve(folder)), rateDistortion, information };
}
