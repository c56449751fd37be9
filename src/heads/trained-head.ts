/** @file A trained head, ready to code the pixels of images and to draw them. */
import { existsSync } from "node:fs";
import type { numpy as np } from "@jax-js/jax";
import { type Compiled, compile, type Operand, type Runtime, type Spec, spec } from "../engine/index.js";
import { UserError } from "../errors.js";
import type { ExecutionOptions } from "../inference/execution-options.js";
import type { PixelDraws } from "../inference/sampling/sampler.js";
import type { TrainedModel } from "../inference/trained-model.js";
import { Lifetime } from "../lifetime.js";
import { located } from "../training/run/open-run.js";
import { runPaths } from "../training/run/run-folder.js";
import { codeLength, type Decoded, drawWave, type WaveInputs, waveCount } from "./head.js";
import { checkHeadOf, headFolder, readHeadConfig } from "./head-config.js";
import { type HeadOf, headShape, headSpecs, readHeadWeights } from "./head-state.js";
import { type HeadName, type HeadWeights, headNames, headOf } from "./heads.js";

type HeadProgram<Inputs> = Compiled<[inputs: Inputs], Float32Array>;

/** What a code's length is worked out from. */
type CodeInputs<T> = Decoded<T> & { images: T };

/** A second model p(x | z) of the pixels: the `head` of a `Sampler`, and what `headLikelihood` measures. */
export class Head implements PixelDraws {
  readonly name: HeadName;
  /** Batches it was trained on. */
  readonly step: number;
  /** By what it does and batch. */
  readonly #programs = new Map<string, Promise<HeadProgram<never>>>();
  readonly #lifetime = new Lifetime("This head");

  /** @internal Use {@link openHead}. */
  constructor(
    private readonly head: HeadOf,
    private readonly trained: { step: number; weights: HeadWeights<Float32Array> },
  ) {
    this.name = head.config.head;
    this.step = trained.step;
  }

  /**
   * −ln p(x | z) of 8-bit images, [N] nats.
   *
   * @param decoded - the decoder's last features, [N, C, R, R], and its mean, [N, 3, R, R]
   * @param images - exact byte levels, [N, 3, R, R]
   */
  codeLengths(decoded: Decoded<Float32Array>, images: Operand, runtime?: Runtime): Promise<Float32Array> {
    return this.#lifetime.during(async () => {
      const batch = this.#count(decoded.mean.length);
      const program = await this.#code(batch, runtime);
      return program.run({ ...decoded, images });
    });
  }

  /** Draws pixels, wave by wave; see `PixelDraws`. */
  draw(decoded: Decoded<Float32Array>, how: ExecutionOptions & { noise: Float32Array }): Promise<Float32Array> {
    return this.#lifetime.during(() => this.#draw(decoded, how));
  }

  async #draw(
    decoded: Decoded<Float32Array>,
    { noise, runtime, signal }: ExecutionOptions & { noise: Float32Array },
  ): Promise<Float32Array> {
    const batch = this.#count(decoded.mean.length);
    const network = headOf(this.name);
    const { mean } = decoded;
    const context = await (await this.#context(batch, runtime)).run(decoded);
    const program = await this.#wave(batch, context.length / mean.length, runtime);
    let images: Float32Array = new Float32Array(mean.length);
    for (let wave = 0; wave < waveCount(network, this.head.model.resolution); wave++) {
      signal?.throwIfAborted();
      images = await program.run({ context, mean, images, noise, wave: Float32Array.of(wave) });
    }
    return images;
  }

  #count(values: number): number {
    return values / (3 * this.head.model.resolution ** 2);
  }

  #pixels(batch: number, channels: number): Spec {
    const { resolution } = this.head.model;
    return spec([batch, channels, resolution, resolution]);
  }

  #decoded(batch: number): Decoded<Spec> {
    return { features: this.#pixels(batch, headShape(this.head.model).features), mean: this.#pixels(batch, 3) };
  }

  #code(batch: number, runtime?: Runtime): Promise<HeadProgram<CodeInputs<Operand>>> {
    const inputs: CodeInputs<Spec> = { ...this.#decoded(batch), images: this.#pixels(batch, 3) };
    const head = headOf(this.name);
    const code = (weights: HeadWeights<np.Array>, { images, ...decoded }: CodeInputs<np.Array>) =>
      codeLength(head, weights, decoded, images);
    return this.#program(`code ${batch}`, code, inputs, runtime);
  }

  #context(batch: number, runtime?: Runtime): Promise<HeadProgram<Decoded<Operand>>> {
    const head = headOf(this.name);
    const context = (weights: HeadWeights<np.Array>, decoded: Decoded) => head.context(weights, decoded);
    return this.#program(`context ${batch}`, context, this.#decoded(batch), runtime);
  }

  /** @param ratio - channels of the context to three */
  #wave(batch: number, ratio: number, runtime?: Runtime): Promise<HeadProgram<WaveInputs<Operand>>> {
    const head = headOf(this.name);
    const inputs: WaveInputs<Spec> = {
      ...{ context: this.#pixels(batch, 3 * ratio), mean: this.#pixels(batch, 3), images: this.#pixels(batch, 3) },
      ...{ noise: this.#pixels(batch, 4), wave: spec([1]) },
    };
    const draw = (weights: HeadWeights<np.Array>, given: WaveInputs<np.Array>) => drawWave(head, weights, given);
    return this.#program(`wave ${batch}`, draw, inputs, runtime);
  }

  /** The program of a function of the weights, which become its constants; compiled when it is first needed. */
  #program<Inputs>(key: string, fn: unknown, inputs: unknown, runtime?: Runtime): Promise<HeadProgram<Inputs>> {
    const known = this.#programs.get(key);
    if (known) return known as unknown as Promise<HeadProgram<Inputs>>;
    const program = compile(fn as never, [headSpecs(this.head), inputs] as const, {
      runtime,
      constants: [this.trained.weights],
    }) as unknown as Promise<HeadProgram<never>>;
    this.#programs.set(key, program);
    program.catch(() => this.#programs.delete(key));
    return program as unknown as Promise<HeadProgram<Inputs>>;
  }

  dispose(): Promise<void> {
    return this.#lifetime.end(async () => {
      const dispose = (program: HeadProgram<never>) => program.dispose();
      await Promise.all([...this.#programs.values()].map((program) => program.then(dispose, () => {}))); // who wanted it knows
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/** How a head is opened. */
export interface OpenHeadOptions {
  /** Told of checkpoints that are damaged. */
  onNotice?: (message: string) => void;
}

/**
 * Opens a head of a model.
 *
 * @param folder - where `trainHead` left it
 * @throws UserError when there is none, it is damaged, or it is one of other weights
 */
export async function openHead(
  model: TrainedModel,
  folder: string,
  { onNotice = () => {} }: OpenHeadOptions = {},
): Promise<Head> {
  const config = await readHeadConfig(folder);
  checkHeadOf(config, model, folder);
  const head = { config, model: model.config.model };
  return new Head(head, await readHeadWeights(folder, head, onNotice));
}

/**
 * The heads of a run, those that it has of these weights. One that cannot be used is told of.
 *
 * @param run - as `openRun` takes it
 */
export async function findHeads(
  model: TrainedModel,
  run: string,
  { onNotice = () => {} }: OpenHeadOptions = {},
): Promise<Head[]> {
  const found: Head[] = [];
  for (const name of headNames) {
    const folder = headFolder(located(run).folder, name);
    if (!existsSync(runPaths(folder).config)) continue;
    try {
      found.push(await openHead(model, folder, { onNotice }));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      onNotice(`The ${name} head is left out. ${error.message}`);
    }
  }
  return found;
}
