/** @file The features that FID, sFID, the Inception score and their kin are made of. */
import type { numpy as np } from "@jax-js/jax";
import { downloads } from "../../data/downloads.js";
import { fetchedPath } from "../../data/fetch.js";
import type { Images } from "../../data/image-set.js";
import { compile, defaultRuntime, spec } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import { DEFAULT_BATCH, type ExecutionOptions } from "../../inference/execution-options.js";
import { extractorOf, FEATURE_PRECISION, inBatches, type OpenExtractor } from "../features/extractor.js";
import { CLASSES, FEATURES } from "./architecture.js";
import { featuresOf, type InceptionWeights, inceptionLayers, inceptionSpecs, SPATIAL_FEATURES } from "./network.js";
import { type ResizeConvention, resizeForInception } from "./resize.js";
import { readInceptionWeights } from "./weights.js";

/** How {@link openInception} opens the network. */
export interface InceptionOptions extends Pick<ExecutionOptions, "runtime"> {
  /** Of the images: their height and width. */
  resolution: number;
  /** The weights' file; default: the one that `strata fetch inception` has put into the cache. */
  path?: string;
  /** Default `tensorflow`. */
  resize?: ResizeConvention;
  /** Images at once; default 16. Results do not depend on it. */
  batch?: number;
  /** Called when the weights are not the official ones. */
  onNotice?: (message: string) => void;
}

/**
 * Opens the Inception network: `pooled` [N, 2048], `spatial` [N, 2023] and `logits` [N, 1008] as `featuresOf` says.
 *
 * @throws UserError when the weights are missing, saying how to get them, or are not what they should be
 */
export async function openInception({ path, onNotice, ...options }: InceptionOptions): Promise<OpenExtractor> {
  const file = path ?? fetchedPath("inception");
  if (file === undefined) {
    throw new UserError(
      "not-found",
      "Expected the weights of the Inception network in the cache, and they are not there.",
      {
        advice:
          "Give their file: openInception({ path }). Without them, openPixels or openClassifier measure on something simpler, " +
          "whose numbers are not FID.",
        details: { download: "inception" },
      },
    );
  }
  const { weights, sha256 } = await readInceptionWeights(file);
  if (sha256 !== downloads.inception.sha256) {
    onNotice?.(`${file} is not the official file (its SHA-256 is ${sha256}): no number made with it can be compared.`);
  }
  return inceptionExtractor(weights, sha256, options);
}

/**
 * The network with these weights.
 *
 * @param sha256 - of what the weights came from: part of the identity
 */
export async function inceptionExtractor(
  weights: InceptionWeights<Float32Array>,
  sha256: string,
  {
    resolution,
    resize = "tensorflow",
    batch = DEFAULT_BATCH,
    runtime = defaultRuntime(),
  }: Omit<InceptionOptions, "path">,
): Promise<OpenExtractor> {
  const network = (parameters: InceptionWeights<np.Array>, images: np.Array) =>
    featuresOf(inceptionLayers(parameters, resizeForInception(images, resize)), parameters.classifier);
  const specs = [inceptionSpecs(), spec([batch, 3, resolution, resolution])] as const;
  const how = { runtime, precision: FEATURE_PRECISION, constants: [weights], divided: [true] } as const;
  const program = await compile(network, specs, how);
  const widths = { pooled: FEATURES, spatial: SPATIAL_FEATURES, logits: CLASSES };
  return extractorOf({
    name: "inception",
    identity: `inception ${resize} sha256:${sha256}`,
    width: FEATURES,
    spatialWidth: SPATIAL_FEATURES,
    classes: CLASSES,
    extract: (pictures: Images, signal?: AbortSignal) =>
      inBatches(pictures, { resolution, batch, widths, signal, runtime }, (images) =>
        program.run(Float32Array.from(images)),
      ),
    dispose: () => program.dispose(),
  });
}
