/** @file A trained refinement, ready to draw the latents of a model's first groups. */
import { existsSync } from "node:fs";
import type { ModelConfig } from "../config/index.js";
import { type Compiled, compile, type Operand, type Runtime, type Spec, spec } from "../engine/index.js";
import { UserError } from "../errors.js";
import type { FirstLatents, FirstLatentsOptions } from "../inference/sampling/sampler.js";
import type { TrainedModel } from "../inference/trained-model.js";
import { digestOfWeights } from "../inference/weights-digest.js";
import { Lifetime } from "../lifetime.js";
import { groups } from "../model/index.js";
import { located } from "../training/run/open-run.js";
import { runPaths } from "../training/run/run-folder.js";
import { type Flow, flowSpecs, type Refined, readFlow } from "./flow-state.js";
import { denormalise, splitStacks, stackGroups, stacksOf } from "./latents.js";
import { checkRefines, readRefinementConfig, refinementFolder } from "./refinement-config.js";
import { flowTimes, solve } from "./solver.js";
import { guidedVelocity, type VelocityInputs } from "./velocity.js";

/** How a refinement draws. */
export interface RefinementOptions {
  /** Evaluations of its network for a sample. Default 8; fewer are faster, more than 16 hardly better. */
  steps?: number;
  /**
   * Classifier-free guidance: how far to go beyond the velocity with label, away from the one without (Ho & Salimans 2022).
   * Default 0; greater weights show their class more clearly, and vary less.
   */
  guidance?: number;
}

/** What refined pictures are shown with where nothing is asked for: of models with classes, the guidance too. */
export const SHOWN = { guidance: 1, temperature: 0.7 } as const;

/** The same as settings of a model: its refinement's guidance, and a temperature for each resolution. */
export const usualSettings = (model: ModelConfig) => ({
  guidance: model.classes > 0 ? SHOWN.guidance : 0,
  temperature: Array.from(new Set(groups(model).map(({ resolution }) => resolution)), (resolution) => ({
    resolution,
    temperature: SHOWN.temperature,
  })),
});

type VelocityProgram = Compiled<[inputs: VelocityInputs<Operand>], Float32Array[]>;

const parts = new WeakMap<Refinement, { refined: Refined; flow: Flow }>();

/** What a refinement is made of, for those who write it for other programs. */
export const partsOf = (refinement: Refinement): { refined: Refined; flow: Flow } => parts.get(refinement)!;

/** A flow that draws the latents of a model's first groups: the `refinement` of a `Sampler`. */
export class Refinement implements FirstLatents {
  readonly groups: number;
  /** Batches it was trained on. */
  readonly step: number;
  readonly steps: number;
  readonly guidance: number;
  /** Of its weights: tells refinements apart. */
  readonly digest: string;
  /** By batch, and whether guided. */
  readonly #programs = new Map<string, Promise<VelocityProgram>>();
  readonly #lifetime = new Lifetime("This refinement");

  /** @internal Use {@link openRefinement}. */
  constructor(
    private readonly refined: Refined,
    private readonly flow: Flow & { step: number },
    { steps = 8, guidance = 0 }: RefinementOptions,
  ) {
    if (!Number.isInteger(steps) || steps < 1) {
      throw new UserError("out-of-range", `Refinement: expected at least one step, got ${steps}.`);
    }
    if (guidance !== 0) checkGuidance(refined, [guidance]);
    this.groups = refined.config.groups;
    this.step = flow.step;
    this.steps = steps;
    this.guidance = guidance;
    this.digest = digestOfWeights(flow.network);
    parts.set(this, { refined, flow });
  }

  /** The latents to which the flow carries noise; see `FirstLatents`. `guidance` takes the place of the refinement's own. */
  draw(noise: readonly Float32Array[], how: FirstLatentsOptions = {}): Promise<Float32Array[]> {
    return this.#lifetime.during(() => this.#draw(noise, how));
  }

  async #draw(
    noise: readonly Float32Array[],
    { labels, runtime, guidance }: FirstLatentsOptions,
  ): Promise<Float32Array[]> {
    const stacks = stacksOf(this.refined.model, this.groups);
    const start = stackGroups(stacks, noise);
    const [channels, height, width] = stacks[0].shape;
    const count = start[0].length / (channels * height * width);
    const weights = Float32Array.from({ length: count }, (_, image) => guidance?.[image] ?? this.guidance);
    const guided = weights.some((weight) => weight !== 0);
    if (guided) checkGuidance(this.refined, weights);
    const program = await this.#program(count, guided, runtime);
    const condition = {
      ...(labels ? { labels: guided ? this.#withoutLabels(labels) : labels } : {}),
      ...(guided ? { guidance: weights } : {}),
    };
    const end = await solve(
      (point, time) => program.run({ point: [...point], time: Float32Array.of(time), ...condition }),
      start,
      flowTimes(this.steps),
    );
    for (const [index, values] of end.entries()) {
      denormalise(values, stacks[index].shape, this.flow.normalisation[index]);
    }
    return splitStacks(stacks, end);
  }

  /** The labels, then as many times "no label". */
  #withoutLabels(labels: Int32Array): Int32Array {
    return Int32Array.of(...labels, ...labels.map(() => this.refined.model.classes));
  }

  #program(batch: number, guided: boolean, runtime?: Runtime): Promise<VelocityProgram> {
    const key = `${batch} ${guided}`;
    const known = this.#programs.get(key);
    if (known) return known;
    const program = this.#compile(batch, guided, runtime);
    this.#programs.set(key, program);
    program.catch(() => this.#programs.delete(key));
    return program;
  }

  #compile(batch: number, guided: boolean, runtime?: Runtime): Promise<VelocityProgram> {
    const { model } = this.refined;
    const inputs: VelocityInputs<Spec> = {
      point: stacksOf(model, this.groups).map(({ shape }) => spec([batch, ...shape])),
      time: spec([1]),
      ...(model.classes > 0 ? { labels: spec([guided ? 2 * batch : batch], "int32") } : {}),
      ...(guided ? { guidance: spec([batch]) } : {}),
    };
    const args = [flowSpecs(this.refined), inputs] as const;
    return compile(guidedVelocity as never, args, {
      runtime,
      constants: [this.flow.network],
    }) as unknown as Promise<VelocityProgram>;
  }

  dispose(): Promise<void> {
    return this.#lifetime.end(async () => {
      const dispose = (program: VelocityProgram) => program.dispose();
      await Promise.all([...this.#programs.values()].map((program) => program.then(dispose, () => {}))); // who wanted it knows
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/** @throws UserError when a weight is not finite, or the model knows no classes */
function checkGuidance({ model }: Refined, weights: Iterable<number>): void {
  const bad = [...weights].find((weight) => !Number.isFinite(weight));
  if (bad === undefined && model.classes > 0) return;
  const problem = bad === undefined ? "guidance needs a model with classes" : `got guidance ${bad}`;
  throw new UserError("missing-classes", `Refinement: ${problem}. Leave the guidance out.`);
}

/** The folder of a refinement that is named by itself, or by the run that it is of. */
export function refinementPlace(place: string): string {
  const ofRun = refinementFolder(located(place).folder);
  return existsSync(ofRun) ? ofRun : place;
}

/**
 * Opens a refinement of a model.
 *
 * @param place - the folder where `refine` left it, or the run that it is of, as `openRun` takes it
 * @throws UserError when there is none, it is damaged, or it is one of other weights; when guidance is asked for and the model
 *   knows no classes
 */
export async function openRefinement(
  model: TrainedModel,
  place: string,
  { onNotice = () => {}, ...options }: RefinementOptions & { onNotice?: (message: string) => void } = {},
): Promise<Refinement> {
  const folder = refinementPlace(place);
  const config = await readRefinementConfig(folder);
  checkRefines(config, model, folder);
  const refined = { config, model: model.config.model };
  return new Refinement(refined, await readFlow(folder, refined, onNotice), options);
}

/**
 * The refinement of a run, where it has one for these weights. One that cannot be used is told of.
 *
 * @param run - as `openRun` takes it
 */
export async function findRefinement(
  model: TrainedModel,
  run: string,
  { onNotice = () => {}, ...options }: RefinementOptions & { onNotice?: (message: string) => void } = {},
): Promise<Refinement | undefined> {
  const folder = refinementFolder(located(run).folder);
  if (!existsSync(runPaths(folder).config)) return undefined;
  try {
    return await openRefinement(model, folder, { onNotice, ...options });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    onNotice(`The refinement is left out. ${error.message}`);
    return undefined;
  }
}
