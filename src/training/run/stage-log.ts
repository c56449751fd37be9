/** @file The log of a second stage's training: lines of `metrics.jsonl`, each the mean over the steps since the one before. */
import type { ImageSet } from "../../data/index.js";
import type { Runtime } from "../../engine/index.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import { version } from "../../version.js";
import { computedOn } from "./computed-on.js";
import { appendMetrics, beginLog, type RunLine, type StageLine, syncMetrics } from "./metrics-log.js";

/** How far the training of a second stage is. */
export interface StagePosition {
  /** Batches seen. */
  step: number;
  /** Images, or latents of images, seen. */
  images: number;
}

export class StageLog<Type extends StageLine["type"] = StageLine["type"]> {
  #losses: number[] = [];
  #images = 0;
  readonly #began = performance.now();
  #since = this.#began;

  private constructor(
    private readonly path: string,
    /** Of its lines. */
    private readonly type: Type,
    /** Training time before this part, seconds. */
    private readonly before: number,
  ) {}

  /** Begins the log, or resumes it from the step that the line names. */
  static async open<Type extends StageLine["type"]>(
    path: string,
    type: Type,
    run: Omit<RunLine, "seconds">,
  ): Promise<StageLog<Type>> {
    const { line } = await beginLog(path, run, false);
    return new StageLog(path, type, line.seconds!);
  }

  /** A step has been made. */
  add(loss: number, images: number): void {
    this.#losses.push(loss);
    this.#images += images;
  }

  get isEmpty(): boolean {
    return this.#losses.length === 0;
  }

  /** Means over the steps since the last line. */
  means(): { loss: number; imagesPerSecond: number } {
    const loss = this.#losses.reduce((sum, value) => sum + value, 0) / this.#losses.length;
    return { loss, imagesPerSecond: (1000 * this.#images) / (performance.now() - this.#since) };
  }

  /** Writes a line. There has been a step since the last one. */
  write(position: StagePosition, learningRate: number): Extract<StageLine, { type: Type }> {
    const seconds = this.before + (performance.now() - this.#began) / 1000;
    const line = { type: this.type, ...position, seconds, ...this.means(), learningRate };
    appendMetrics(this.path, line as StageLine);
    this.#losses = [];
    this.#images = 0;
    this.#since = performance.now();
    return line as Extract<StageLine, { type: Type }>;
  }

  /** Waits until every line is on disk. */
  sync(): void {
    syncMetrics(this.path);
  }
}

/** What the log of a second stage says when training starts or resumes. */
export async function stageRunLine(
  { config, data: { name } }: TrainedModel,
  {
    images,
    runtime,
    ...stage
  }: { images: ImageSet; runtime: Runtime } & Pick<RunLine, "parameters" | "resumedFrom" | "groups">,
): Promise<Omit<RunLine, "seconds">> {
  return {
    type: "run",
    time: new Date().toISOString(),
    node: process.version,
    ...(await computedOn(runtime, version)),
    preset: config.preset,
    data: images.name || name,
    trainImages: images.count,
    validationImages: 0,
    ...stage,
  };
}
