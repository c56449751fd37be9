/** @file Figures of sample quality, for people. */
import type { SamplesEvaluation } from "../../experiments/evaluation.js";
import { formatCount, formatFixed, formatSignificant } from "../../number-format.js";
import { fewWarning } from "../../quality/finite-sample.js";
import { intervalOf, nameOfMetric, type QualityMetric, type QualityValue } from "../../quality/quality.js";

/** An evaluation of samples, and what the command line knows of them besides. */
export interface QualityResult extends SamplesEvaluation {
  reference: SamplesEvaluation["reference"] & { name: string };
  /** How samples became bytes: ours to the nearest level, those of others as they came. */
  rounding: "nearest" | "as given";
}

/** What has to be said about the figures for them not to be misread, line by line. */
export function remarks(result: Omit<QualityResult, "shown" | "notMeasured">): string[] {
  const { count, referenceBaseline, features, reference, rounding, clamped = 0, values } = result;
  const images = reference.images === undefined ? "statistics of the file" : `${formatCount(reference.images)} images`;
  const single = `(precision, recall and kernel distance: ${formatCount(reference.rows)} of them)`;
  const lines = [
    `${formatCount(count)} samples, 8-bit, ${rounding === "nearest" ? "rounded to the nearest level" : rounding}`,
    `reference: ${reference.name}, ${images} ${reference.rows > 0 ? single : "alone"}`,
    `features: ${features.identity}`,
  ];
  if (values.some(({ standardError }) => standardError !== undefined)) {
    lines.push("in brackets: 95 % intervals over draws of the samples, the reference taken as it is (jackknife)");
  }
  if (result.beside) {
    const { count: others, copies } = result.beside;
    lines.push(
      `held-out: ${formatCount(others)} images, as if they were samples; nearest: medians, among ${formatCount(copies.searched)} training images`,
    );
  }
  if (clamped > 0) lines.push(`guidance would have made ${formatCount(clamped)} values too large; they were clamped`);
  if (features.name !== "inception") {
    lines.push(`${features.name} features stand in for Inception's: these figures are no FID, and compare with none.`);
  }
  const distance = nameOfMetric("fid", features.name);
  const warning = fewWarning(distance, count, reference.images ?? Number.POSITIVE_INFINITY);
  if (warning && values.some(({ metric }) => metric === "fid")) {
    const part = referenceBaseline === undefined ? "" : `: ${partText(referenceBaseline, count, reference.images)}`;
    lines.push(`warning: ${warning}${part}`);
  }
  return lines;
}

/** What as many images of the reference get as there are samples. */
export function partText(distance: number, count: number, images: number | undefined): string {
  const rest = images === undefined ? "the statistics of the whole" : `the other ${formatCount(images - count)}`;
  return `${formatCount(count)} random images of the reference are ${formatSignificant(distance, 4)} from ${rest}`;
}

/** Decimals of each figure: kernel distances of good samples begin in the third. */
const DECIMALS: Record<QualityMetric, number> = {
  fid: 3,
  sfid: 3,
  is: 3,
  kid: 6,
  precision: 4,
  recall: 4,
  accuracy: 4,
};

/** The figures by name. */
export function qualityFacts({
  values,
  features,
  frechetLimit,
  beside,
}: QualityResult): [name: string, value: string][] {
  const heldOut = new Map(beside?.values.map((value) => [value.metric, figureText(value)]));
  const facts = values.map((value): [string, string] => {
    const other = heldOut.get(value.metric);
    return [value.name, `${figureText(value)}${other === undefined ? "" : `; of held-out images ${other}`}`];
  });
  if (frechetLimit !== undefined) {
    const name = `${nameOfMetric("fid", features.name)}, infinitely many samples`;
    facts.push([name, formatFixed(frechetLimit, DECIMALS.fid)]);
  }
  if (beside) {
    const { medianOfSamples, medianOfHeldOut } = beside.copies;
    const [own, others] = [medianOfSamples, medianOfHeldOut].map((distance) => formatSignificant(distance, 3));
    facts.push(["distance to the nearest training image", `${own}; of held-out images ${others}`]);
  }
  return facts;
}

/** "3.170", "8.03 ± 0.12" of splits, "3.170 [3.012, 3.328]" where its error was worked out. */
function figureText(figure: QualityValue): string {
  const { metric, value, standardDeviation } = figure;
  const text = (number: number) => formatFixed(number, DECIMALS[metric]);
  const spread = standardDeviation === undefined ? "" : ` ± ${text(standardDeviation)}`;
  const interval = intervalOf(figure);
  return `${text(value)}${spread}${interval ? ` [${text(interval.low)}, ${text(interval.high)}]` : ""}`;
}
