/**
 * @file What the page asks of whatever runs the models: a local server (`strata studio`) or the visitor's browser (the static
 * site). The page queues what it asks, by priority, and drops what nobody waits for any more; so a backend does one thing after
 * another, looks at the signal between pictures, and needs no queue of its own.
 */
import type { PictureRecipe } from "../../src/latents/recipe.js";
import type { EncodedImage, LiveEvent, ModelSummary, Picture } from "../../src/studio/protocol.js";

export type { Origin, PictureRecipe, Recipe } from "../../src/latents/recipe.js";
export type {
  EncodedImage,
  GroupSummary,
  LiveEvent,
  ModelSummary,
  Picture,
  RunSummary,
} from "../../src/studio/protocol.js";

export interface Backend {
  /** Where pictures are made: the code that the page shows differs. */
  readonly kind: "studio" | "browser";
  /** The models there are; a studio finds more of them while runs are trained. */
  models(signal?: AbortSignal): Promise<ModelSummary[]>;
  /**
   * Makes a model ready to draw.
   *
   * @throws Error with a sentence for the user: the page offers to try again
   */
  open(id: string, options?: OpenOptions): Promise<OpenModel>;
  /** Runs while they are trained; absent where there are none. */
  readonly live?: LiveBackend;
}

interface OpenOptions {
  /** Told from time to time; `share` in [0, 1] is undefined while unknown. */
  onProgress?: (progress: { doing: string; share?: number }) => void;
  signal?: AbortSignal;
}

/** A model that is ready. All calls throw an Error with a sentence for the user, or the signal's reason when aborted. */
export interface OpenModel {
  readonly summary: ModelSummary;
  /** How many pictures one call of `draw` is to ask for: few enough that others need not wait long. */
  readonly batch: number;
  /** Where it computes, as the page says it: "WebGPU", "WebAssembly, 1 thread", "2 threads of this computer". */
  readonly device: string;
  /**
   * Draws pictures, each as its recipe tells.
   *
   * @param enlarger - the id of a model of `summary.enlargers`: the pictures are those of the cascade
   * @returns as many, in the same order
   */
  draw(pictures: readonly PictureRecipe[], options?: { enlarger?: string; signal?: AbortSignal }): Promise<Picture[]>;
  /**
   * Encodes an image file, after which recipes can name it.
   *
   * @param label - its class, in models with classes
   */
  encode(file: Blob, options: { label?: number; seed: number; signal?: AbortSignal }): Promise<EncodedImage>;
  /** Forgets an encoded image. */
  release(image: string): void;
  /** Frees what the model takes. */
  close(): Promise<void>;
}

/** Runs while they are trained. */
export interface LiveBackend {
  /**
   * Tells what happens until the function that it returns is called; first everything that has happened.
   *
   * @param runs - ids of the runs whose logs and pictures are wanted
   */
  watch(runs: readonly string[], onEvent: (event: LiveEvent) => void): () => void;
  /** Where to find a grid of pictures of a run. */
  gridUrl(run: string, step: number, kind: "samples" | "reconstructions"): string;
}
