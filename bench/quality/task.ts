/** @file What each contestant of the comparison of samples is given, and what it leaves. */
import type { ImageSplits } from "../../src/data/index.js";

/** The same for all: images to learn from, for so long, and labels to draw. */
export interface Task {
  data: Pick<ImageSplits, "train" | "validation">;
  /** Of training, with all cores asked for. */
  minutes: number;
  threads: number;
  seed: number;
  /** Labels of the samples, [count]. */
  labels: Int32Array;
  /** An empty folder for what it keeps. */
  out: string;
}

/** Samples with one way of drawing. */
export interface Drawn {
  /** Guidance, temperature. */
  setting: string;
  /** uint8 [count, 3, R, R]. */
  images: Uint8Array;
  /** Seconds for 1,000 samples, after a first batch that does not count. */
  secondsPer1000: number;
}

/** What came of training. */
export interface Trained {
  parameters: number;
  /** Images seen in training; of a model in two stages, in the first. */
  images: number;
  /** Of training, without compiling where the contestant can tell. */
  seconds: number;
  drawn: Drawn[];
}

export interface Contestant {
  /** As in a case's id. */
  id: string;
  title: string;
  /** In a picture. */
  name: string;
  /** Undefined where what it needs is not installed. */
  run(task: Task): Promise<Trained | undefined>;
}
