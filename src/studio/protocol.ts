/** @file What the page is told of models and runs: the types that the server and the page share. Plain data, as JSON has it. */
import type { MetricsLine } from "../training/run/metrics-log.js";

/** One latent group of a model. */
export interface GroupSummary {
  /** 0 is the lowest resolution. */
  index: number;
  /** Height and width, pixels. */
  resolution: number;
  /** Latent channels. */
  channels: number;
  /** Share of the information that training aims at, in [0, 1]; null without an information schedule. */
  share: number | null;
  /** KL, mean over images of the training set's kind, nats; null where it was never measured. */
  klNats: number | null;
}

/** A model that can be played with. */
export interface ModelSummary {
  /** Addresses it; no path. */
  id: string;
  /** As it is shown: the last part of its path, or the name of one that ships. */
  name: string;
  /** As commands and programs name it: a run folder, or `pretrained:NAME`. */
  run: string;
  /** Of its pictures, pixels. */
  resolution: number;
  groups: GroupSummary[];
  /** Names of the classes, in label order; empty for models without. */
  classes: string[];
  /** Training images of each class, in label order. */
  classCounts: number[];
  /** Batches that it was trained on. */
  step: number;
  /** Numbers in its weights. */
  parameters: number;
  /** Models that can enlarge its pictures, by their id. */
  enlargers: { id: string; name: string; run: string; resolution: number }[];
  /** The refinement that can draw its first groups; null without one, and before the model is opened. */
  refinement: RefinementSummary | null;
}

/** A refinement of a model. */
export interface RefinementSummary {
  /** How many of the first groups it draws. */
  groups: number;
  /** Guidance and temperature that suit it, as they were calibrated or usually are. */
  shown: { guidance: number; temperature: { resolution: number; temperature: number }[] };
}

/** An image that was encoded. */
export interface EncodedImage {
  /** Names it in recipes, as long as it is kept. */
  image: string;
  /** KL of every group, nats: what this image costs. */
  groupKlNats: number[];
  /** The image as the model sees it, cropped and resized: RGBA, [R, R, 4]. */
  rgba: Uint8ClampedArray<ArrayBuffer>;
}

/** One picture that was drawn. */
export interface Picture {
  /** Height and width, pixels. */
  resolution: number;
  /** [R, R, 4], opaque: `new ImageData(rgba, resolution)` shows it. */
  rgba: Uint8ClampedArray<ArrayBuffer>;
}

/** A run folder as it stands now. */
export interface RunSummary {
  /** Addresses it; the same as that of its model. */
  id: string;
  name: string;
  run: string;
  /** Of its pictures, pixels; null while nothing is known of it. */
  resolution: number | null;
  step: number;
  totalSteps: number;
  /** Whether somebody trains into it now. */
  training: boolean;
  /** Whether it has a checkpoint to play with. */
  playable: boolean;
  /** What there is to know, sentence by sentence. */
  notices: string[];
  /** Why it cannot be read, where it cannot. */
  problem?: string;
}

/** What happens to runs, in the order in which it is told. */
export type LiveEvent =
  /** Whether news arrive; while they do not, the page tries again by itself. */
  | { type: "connection"; connected: boolean }
  /** All runs, whenever one comes, goes or changes. */
  | { type: "runs"; runs: RunSummary[] }
  /** What was told of this run's log holds no more: its lines follow from the first one. */
  | { type: "restart"; run: string }
  /** Lines that were added to its log. Figures that are not finite are null. */
  | { type: "lines"; run: string; lines: MetricsLine[] }
  /** Lines of its log that could not be read, so far. */
  | { type: "broken"; run: string; count: number }
  /** All steps that have a grid of pictures, ascending. */
  | { type: "pictures"; run: string; steps: number[] };
