/** @file Training of a small network: loss, gradients and update are one program, and the state stays on the device. */
import { type JsTree, type numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import {
  type CompileOptions,
  compile,
  DeviceArray,
  leaves,
  type Mapped,
  map,
  type Operand,
  type Program,
  type Runtime,
  rebuild,
  type Spec,
  spec,
} from "../../engine/index.js";
import type { Optimizer, OptimizerConstants } from "./optimizer.js";
import { momentsOf, type OptimizerState, type UpdateScalars, update } from "./update.js";

/** A tree of numbers on the host for a tree of shapes. */
type Numbers<Shapes> = Mapped<Shapes, Spec, Float32Array>;
type Traced<Shapes> = Mapped<Shapes, Spec, np.Array>;

/** What is trained, and how. */
export interface SmallTraining<Parameters, Batch> {
  optimizer: Optimizer;
  constants: OptimizerConstants;
  /** Shapes of the parameters, and of what the loss is computed from. */
  parameters: Parameters;
  batch: Batch;
  /** A scalar, traced. Consumes the batch, borrows the parameters. */
  loss(parameters: Traced<Parameters>, batch: Traced<Batch>): np.Array;
  runtime?: Runtime;
  /** How exactly products are computed. Default: as the runtime does. */
  precision?: CompileOptions["precision"];
  /** Says all that the program depends on besides shapes, so that it can be kept on disk. */
  cacheKey?: string;
}

/** Numbers of one update. */
export interface UpdateRates {
  learningRate: number;
  /** Decay of the moving average. */
  emaDecay: number;
}

type State = OptimizerState<unknown>;
type Step = Program<[State, unknown, UpdateScalars<Operand>], { state: State; loss: Float32Array }>;

/** Makes one update after the other of a state that starts from given parameters, or from a whole state. */
export class SmallTrainer<Parameters, Batch> {
  private constructor(
    private readonly settings: SmallTraining<Parameters, Batch>,
    private readonly program: Step,
    private state: State,
    private updates: number,
  ) {}

  /**
   * @param start - parameters to start from, their average equal to them, or a state to resume from
   * @param updates - made so far
   */
  static async create<Parameters, Batch>(
    settings: SmallTraining<Parameters, Batch>,
    start: { parameters: Numbers<Parameters> } | OptimizerState<Numbers<Parameters>>,
    updates = 0,
  ): Promise<SmallTrainer<Parameters, Batch>> {
    const zeros = () => map(settings.parameters, (shape) => new Float32Array((shape as Spec).size));
    const { parameters } = start;
    const { ema, moments } =
      "ema" in start ? start : { ema: parameters, moments: momentsOf(settings.optimizer, zeros) };
    return new SmallTrainer(settings, await compileStep(settings), { parameters, ema, moments }, updates);
  }

  /** One update by one batch. @returns the loss before it */
  async step(batch: Mapped<Batch, Spec, Operand>, { learningRate, emaDecay }: UpdateRates): Promise<number> {
    const { optimizer, constants } = this.settings;
    const numbers = { ...optimizer.scalars(learningRate, this.updates, constants), emaDecay };
    const scalars = map(numbers, (value) => Float32Array.of(value as number)) as UpdateScalars<Float32Array>;
    const { state, loss } = await this.program.run(this.state, batch, scalars);
    free(this.state);
    this.state = state;
    this.updates += 1;
    return loss[0];
  }

  /** The state, copied to the host. */
  async read(): Promise<OptimizerState<Numbers<Parameters>>> {
    const read = async (values: unknown) => (values instanceof DeviceArray ? await values.read() : values);
    const values = await Promise.all(leaves<unknown>(this.state).map(read));
    return rebuild(this.state, values) as OptimizerState<Numbers<Parameters>>;
  }

  async dispose(): Promise<void> {
    free(this.state);
    await this.program.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/** Frees what of a state is on the device: all but the one that training starts from. */
function free(state: State): void {
  for (const array of leaves<unknown>(state)) if (array instanceof DeviceArray) array.dispose();
}

function compileStep<Parameters, Batch>(settings: SmallTraining<Parameters, Batch>): Promise<Step> {
  const { optimizer, constants, parameters: specs, loss, runtime, precision, cacheKey } = settings;
  const step = (before: OptimizerState<Traced<Parameters>>, batch: Traced<Batch>, scalars: UpdateScalars<np.Array>) => {
    const parameters = tree.ref(before.parameters as JsTree<np.Array>);
    const [value, gradients] = valueAndGrad((weights: JsTree<np.Array>) => loss(weights as Traced<Parameters>, batch))(
      parameters,
    );
    return { state: update(optimizer, before, gradients as Traced<Parameters>, scalars, constants), loss: value };
  };
  const state = { parameters: specs, ema: specs, moments: momentsOf(optimizer, () => specs) };
  const scalars = map({ ...optimizer.scalars(0, 0, constants), emaDecay: 0 }, () => spec([]));
  return compile(step as never, [state, settings.batch, scalars] as const, {
    runtime,
    precision,
    keepOnDevice: { state: true },
    cacheKey,
  }) as unknown as Promise<Step>;
}
