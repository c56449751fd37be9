/** @file A trained classifier as a feature extractor. */
import type { Images } from "../../data/image-set.js";
import { type ImageSet, imageReader } from "../../data/index.js";
import { type Compiled, compile, type Operand, type Runtime, spec } from "../../engine/index.js";
import { portions } from "../../inference/batches.js";
import type { ExecutionOptions } from "../../inference/execution-options.js";
import { fromBytes } from "../../inference/pictures.js";
import { digestOfWeights } from "../../inference/weights-digest.js";
import { Lifetime } from "../../lifetime.js";
import { FEATURE_PRECISION, type Features, inBatches, type OpenExtractor } from "../features/extractor.js";
import { averagedTo } from "../features/resampling.js";
import { likeliest } from "../metrics/accuracy.js";
import { classifierSide, TURNS, turnedBy } from "./examples.js";
import { type Classifier, classifierSpecs, classify, FEATURES } from "./network.js";

/** What a classifier was trained to tell of images. */
export type Told = "classes" | "turns";

export interface ClassifierExtractorOptions extends Pick<ExecutionOptions, "runtime"> {
  /** Of the images that it will be given, pixels a side. */
  resolution: number;
  /** Logits of turns are not shown: they are no classes of the images. */
  tells: Told;
  /** Images of one run of the program. Default: 64. */
  batch?: number;
}

/** The mean over all pixels of the classifier's last layer, [N, 128], and its logits where it tells classes. */
export class ClassifierExtractor implements OpenExtractor {
  readonly name = "classifier";
  readonly width = FEATURES;
  readonly classes?: number;
  readonly identity: string;
  readonly #lifetime = new Lifetime("This feature extractor");
  /** Width of its logits. */
  private readonly outputs: number;

  private constructor(
    readonly tells: Told,
    weights: Classifier<Float32Array>,
    private readonly resolution: number,
    private readonly batch: number,
    private readonly runtime: Runtime | undefined,
    private readonly program: Compiled<[images: Operand], { features: Float32Array; logits: Float32Array }>,
  ) {
    const side = classifierSide(resolution);
    this.identity = `classifier of ${tells} at ${side}×${side}, weights ${digestOfWeights(weights).slice(0, 16)}`;
    this.outputs = weights.output.bias.length;
    if (tells === "classes") this.classes = this.outputs;
  }

  static async create(
    weights: Classifier<Float32Array>,
    { resolution, tells, batch = 64, runtime }: ClassifierExtractorOptions,
  ): Promise<ClassifierExtractor> {
    const specs = classifierSpecs(weights.output.bias.length);
    const side = classifierSide(resolution);
    const args = [specs, spec([batch, 3, side, side])] as const;
    const how = { runtime, precision: FEATURE_PRECISION, constants: [weights], divided: [true] } as const;
    const program = await compile(classify, args, how);
    return new ClassifierExtractor(tells, weights, resolution, batch, runtime, program);
  }

  /**
   * @throws Error when the pictures are not of the resolution that it was made for
   * @throws the signal's reason when aborted
   */
  extract(pictures: Images, signal?: AbortSignal): Promise<Features> {
    return this.#lifetime.during(() => this.#extract(pictures, signal));
  }

  async #extract(pictures: Images, signal?: AbortSignal): Promise<Features> {
    const { resolution, batch, width, outputs } = this;
    const { runtime } = this;
    const expected = { resolution, batch, widths: { features: width, logits: outputs }, signal, runtime };
    const { features: pooled, logits } = await inBatches(pictures, expected, (images) => this.#run(fromBytes(images)));
    return this.classes ? { pooled, logits } : { pooled };
  }

  /**
   * How often it is right about images that it did not learn from: about their class, or about which way up they are when
   * each of them is shown in all four ways.
   *
   * @param set - labelled by the classes that it was trained on, if any
   * @returns share of the answers, 0 … 1
   * @throws the signal's reason when aborted
   */
  accuracy(set: ImageSet, signal?: AbortSignal): Promise<number> {
    return this.#lifetime.during(() => this.#accuracy(set, signal));
  }

  async #accuracy(set: ImageSet, signal?: AbortSignal): Promise<number> {
    const read = imageReader(set);
    const ways = this.tells === "classes" ? [0] : Array.from({ length: TURNS }, (_, quarters) => quarters);
    let right = 0;
    for (const { indices, used } of portions(set.count, this.batch)) {
      const images = fromBytes(Buffer.concat(indices.map(read)));
      for (const quarters of ways) {
        signal?.throwIfAborted();
        const turns = new Int32Array(this.batch).fill(quarters);
        const { logits } = await this.#run(turnedBy(images, this.resolution, turns));
        for (let row = 0; row < used; row++) {
          const answer = likeliest(logits.subarray(row * this.outputs, (row + 1) * this.outputs));
          if (answer === (this.tells === "classes" ? set.labels[indices[row]] : quarters)) right += 1;
        }
      }
    }
    return right / (ways.length * set.count);
  }

  dispose(): Promise<void> {
    return this.#lifetime.end(() => this.program.dispose());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** A whole batch of images, [batch, 3, R, R] in [-1, 1]. */
  #run(images: Float32Array): Promise<{ features: Float32Array; logits: Float32Array }> {
    return this.program.run(averagedTo(images, this.resolution, classifierSide(this.resolution)));
  }
}
