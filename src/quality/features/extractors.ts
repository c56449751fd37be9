/** @file The table of feature extractors: a name of `--features` for each. A file `*.onnx` is one without a name. */
import type { ImageSet } from "../../data/index.js";
import type { ExecutionOptions } from "../../inference/execution-options.js";
import { openClassifier } from "../classifier/open-classifier.js";
import { openInception } from "../inception/inception.js";
import type { OpenExtractor } from "./extractor.js";
import { openPixels } from "./pixels.js";

/** What an extractor may need to be opened. */
interface ExtractorSetup extends ExecutionOptions {
  /** Height and width of the images. */
  resolution: number;
  /** The training images, where there are some. */
  train?: ImageSet;
  /** How Inception's input is enlarged, and the file of its weights. */
  inception: { resize: "tensorflow" | "pytorch"; path?: string };
  onNotice: (message: string) => void;
  /** Told after every update of an extractor that is trained when it is opened. */
  onTraining: (progress: { step: number; steps: number }) => void;
}

/** A feature extractor that has a name. */
export interface NamedExtractor {
  /** A remark on it, for the help text. */
  remark?: string;
  /** Whether it is made of the training images, and cannot be opened without. */
  needsTrainingImages?: boolean;
  open(setup: ExtractorSetup): Promise<OpenExtractor> | OpenExtractor;
}

const inception: NamedExtractor = {
  open: ({ resolution, inception: { resize, path }, runtime, onNotice }) =>
    openInception({ resolution, path, resize, runtime, onNotice }),
};

const pixels: NamedExtractor = { open: openPixels };

const classifier: NamedExtractor = {
  remark: "trained on the data set",
  needsTrainingImages: true,
  open: ({ train, runtime, signal, onTraining }) => openClassifier(train!, { runtime, signal, onProgress: onTraining }),
};

/** Every named feature extractor, in the order in which help texts list them. */
export const extractors = {
  inception,
  pixels,
  classifier,
} satisfies Record<string, NamedExtractor>;
