/** @file The options that say what samples are compared by, and with. */
import { type Command, Option } from "commander";
import { suggestion } from "../../config/index.js";
import type { ImageSet } from "../../data/index.js";
import type { Runtime } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import type { FeatureSet } from "../../quality/feature-set.js";
import type { FeatureExtractor, OpenExtractor } from "../../quality/features/extractor.js";
import { extractors, type NamedExtractor } from "../../quality/features/extractors.js";
import {
  defaultMetricsOf,
  measurableWith,
  metricsOf,
  nameOfMetric,
  type QualityMetric,
  qualityMetrics,
} from "../../quality/quality.js";
import { REFERENCE_ROWS, referenceOfSet } from "../../quality/reference.js";
import { referenceOfFile } from "../../quality/reference-file.js";
import { workLine } from "../output/progress.js";
import { imageCount } from "./arguments.js";
import type { Context } from "./command.js";

/** What {@link addExtractorOptions} adds. */
export interface ExtractorOptions {
  features: string;
  resize: "tensorflow" | "pytorch";
  inception?: string;
}

/** What {@link addFeatureOptions} adds. */
export interface FeatureOptions extends ExtractorOptions {
  reference?: string;
  referenceCount: number;
}

/** "inception, pixels, classifier (trained on the data set)". */
const extractorList = Object.entries<NamedExtractor>(extractors)
  .map(([name, { remark }]) => (remark ? `${name} (${remark})` : name))
  .join(", ");

/** Adds the options that say which features are compared. */
export const addExtractorOptions = (command: Command, features = "inception"): Command =>
  command
    .option("--features <name>", `feature extractor: ${extractorList}, or FILE.onnx`, features)
    .addOption(
      new Option("--resize <how>", "how to resize images for Inception: like TensorFlow, or like pytorch-fid")
        .choices(["tensorflow", "pytorch"])
        .default("tensorflow"),
    )
    .option("--inception <file>", "Inception's weights, if they are not in the cache (strata fetch inception)");

/** Adds the options that say which features are compared, and what with. */
export const addFeatureOptions = (command: Command): Command =>
  addExtractorOptions(command)
    .option(
      "--reference <file.npz>",
      "compare with this reference batch instead of --data's training images; mu and sigma alone give FID only",
    )
    .option(
      "--reference-count <n>",
      "reference images for precision, recall and kernel distance",
      imageCount(4),
      REFERENCE_ROWS,
    );

/**
 * Reads a list of metrics, separated by commas.
 *
 * @throws UserError for a name that is not known
 */
export const metricList =
  (known: readonly string[]) =>
  (text: string): string[] => {
    const names = text.split(/[\s,]+/).filter(Boolean);
    const unknown = names.find((name) => !known.includes(name));
    if (unknown !== undefined || names.length === 0) {
      throw new UserError(
        "unknown-name",
        `--metrics ${text}: expected some of ${known.join(", ")}, got ${unknown ?? "none"}${suggestion(unknown ?? "", known)}`,
      );
    }
    return names;
  };

/**
 * What makes the features.
 *
 * @param train - the training images, which the classifier is trained on
 * @throws UserError when it cannot be had: for lack of weights, or of images to train it on
 */
export async function openExtractor(
  { features, resize, inception }: ExtractorOptions,
  { resolution, train }: { resolution: number; train?: ImageSet },
  { progress, signal }: Context,
  runtime: Runtime,
): Promise<OpenExtractor> {
  const onNotice = (message: string) => progress.note(message);
  if (features.endsWith(".onnx")) {
    const { openOnnxFile } = await import("../../quality/features/onnx-file.js");
    return openOnnxFile(features, { resolution, runtime, onNotice });
  }
  const known: Record<string, NamedExtractor> = extractors;
  if (!Object.hasOwn(known, features)) {
    const names = Object.keys(known);
    throw new UserError(
      "unknown-name",
      `--features ${features}: expected ${names.join(", ")}, or FILE.onnx${suggestion(features, names)}`,
    );
  }
  const extractor = known[features];
  if (extractor.needsTrainingImages && !train) {
    throw new UserError(
      "invalid-options",
      `--features ${features}: expected --data SOURCE, the images to train it on.`,
    );
  }
  const line = workLine({ what: `training the ${features}`, unit: "steps" });
  return extractor.open({
    ...{ resolution, train, inception: { resize, path: inception }, runtime, signal, onNotice },
    onTraining: ({ step, steps }) => progress.update(line(step, steps)),
  });
}

/**
 * Features of what samples are compared with: of the file that is named, or else of the training images.
 *
 * @throws UserError when there is neither
 */
export function openReference(
  { reference, referenceCount: keep }: FeatureOptions,
  { resolution, train }: { resolution: number; train?: ImageSet },
  extractor: FeatureExtractor,
  { progress, signal }: Context,
  runtime: Runtime,
): Promise<FeatureSet> {
  const onProgress = showRate("features of the reference", progress);
  const options = { keep, runtime, signal, onProgress };
  if (reference !== undefined) {
    const onNotice = (message: string) => progress.note(message);
    return referenceOfFile(reference, extractor, resolution, { ...options, onNotice });
  }
  if (train) return referenceOfSet(train, extractor, options);
  throw new UserError(
    "invalid-options",
    "Expected --data SOURCE or --reference FILE.npz: what the samples are to be compared with.",
  );
}

/** Tells progress as a rate and the time left. */
export function showRate(what: string, progress: Context["progress"]): (done: number, count: number) => void {
  const line = workLine({ what, unit: "images" });
  return (done, count) => progress.update(line(done, count));
}

/** Tells progress of one stage after another, each as a rate and the time left. */
export function showStages(progress: Context["progress"]): (what: string, done: number, count: number) => void {
  const stages = new Map<string, ReturnType<typeof showRate>>();
  return (what, done, count) => {
    const show = stages.get(what) ?? showRate(what, progress);
    stages.set(what, show);
    show(done, count);
  };
}

/**
 * The figures to measure: those asked for, or all that the features allow.
 *
 * @throws UserError for one that they do not
 */
export function qualityAsked(
  asked: readonly string[] | undefined,
  extractor: FeatureExtractor,
  classes?: number,
): QualityMetric[] {
  const possible = metricsOf(extractor);
  if (asked === undefined) return defaultMetricsOf(extractor);
  const wanted = qualityMetrics.filter((metric) => asked.includes(metric));
  const impossible = wanted.find((metric) => !possible.includes(metric));
  if (impossible !== undefined) {
    throw new UserError(
      "invalid-options",
      `--metrics ${impossible}: ${extractor.name} features have no ${nameOfMetric(impossible, extractor.name)}. ` +
        `They allow ${possible.join(", ")}.`,
    );
  }
  if (wanted.includes("accuracy") && extractor.classes !== classes) {
    throw new UserError(
      "invalid-options",
      `--metrics accuracy: expected a model with the ${extractor.classes} classes that ${extractor.name} features tell apart, ` +
        `got one with ${classes ?? 0}.`,
    );
  }
  return wanted;
}

/**
 * The figures that the reference allows, of those to measure. What it has nothing to measure with is left out, and said
 * so.
 *
 * @throws UserError when none is left
 */
export function measurableOf(
  metrics: readonly QualityMetric[],
  reference: FeatureSet,
  { reference: path, features }: FeatureOptions,
  { progress }: Context,
): QualityMetric[] {
  const { measurable, notMeasurable: others } = measurableWith(reference, metrics);
  if (others.length === 0) return measurable;
  const names = (some: readonly QualityMetric[]) => some.map((metric) => nameOfMetric(metric, features)).join(", ");
  const spatial = others.filter((metric) => metric === "sfid");
  const single = others.filter((metric) => metric !== "sfid");
  const reasons = [
    ...(single.length > 0 ? [`${names(single)} ${single.length > 1 ? "need" : "needs"} images (arr_0)`] : []),
    ...(spatial.length > 0 ? [`${names(spatial)} needs mu_s and sigma_s`] : []),
  ];
  const reason = `${path} holds statistics alone, and ${reasons.join("; ")}`;
  if (measurable.length === 0) {
    throw new UserError(
      "invalid-options",
      `--metrics ${others.join(",")}: ${reason}. Give --data SOURCE, or a reference with images.`,
    );
  }
  progress.note(`${reason}: left out. Give --data SOURCE, or a reference with images, to have them.`);
  return measurable;
}
