/** @file `train`: from a configuration and images to a run folder. */
import type { Config } from "../config/index.js";
import { checkImages } from "../data/check-images.js";
import { mirroringOf } from "../data/image-set.js";
import { digestOfSet, type ImageSet, type ShardStream } from "../data/index.js";
import { defaultRuntime, type Runtime } from "../engine/index.js";
import { UserError } from "../errors.js";
import type { ExecutionOptions } from "../inference/execution-options.js";
import { checkModelImages } from "../inference/programs/model-inputs.js";
import { type ParameterTree, parameterSpecs } from "../inference/trained-model.js";
import { countParameters, groups } from "../model/index.js";
import { informationShares } from "../objective/information-schedule.js";
import { type Ranks, single } from "../ranks/ranks.js";
import { together } from "../ranks/together.js";
import { version } from "../version.js";
import { fitToDevice } from "./cost/device-memory.js";
import { roomNotice } from "./cost/disk-space.js";
import { fitToMemory, type Machine } from "./cost/memory.js";
import type { TrainingEventListener } from "./events.js";
import { settleFlips } from "./inputs/flips.js";
import { InputThread } from "./inputs/input-thread.js";
import type { Limits } from "./limits.js";
import { type CheckpointStatus, TrainingLoop, type TrainResult } from "./loop.js";
import { listCheckpoints } from "./run/checkpoint.js";
import { type ComputedOn, computedOn } from "./run/computed-on.js";
import { Journal } from "./run/journal.js";
import type { DataIdentity } from "./run/manifest.js";
import type { RunLine } from "./run/metrics-log.js";
import { Observer } from "./run/observer.js";
import { clearLeftovers, describeRun, runPaths, summarise, withSettingsOfRun } from "./run/run-folder.js";
import { lockRun, type RunLock } from "./run/run-lock.js";
import { startingPoint } from "./run/starting-point.js";
import { type Order, type Reduction, reductionOf } from "./shared-step.js";
import { recruit } from "./start-together.js";
import { afterPatience, pause, thenCleanUp } from "./stopping.js";
import { Trainer } from "./trainer.js";
import { type TrainingRun, trainingRun } from "./training-run.js";

/** What {@link train} trains, on which images, where, and for how long. */
export interface TrainOptions extends ExecutionOptions {
  config: Config;
  data: {
    train: ImageSet;
    validation: ImageSet;
    /** Where batches come from in place of `train`, which then is only measured on. */
    stream?: ShardStream;
  };
  /** The run folder. */
  out: string;
  /** Resume from the newest undamaged checkpoint in `out`; with none there, start. */
  resume?: boolean;
  /** Weights to start a new run from instead of random ones (fine-tuning). */
  initial?: ParameterTree;
  /** Where to stop; steps and images are totals of the run, minutes count from the call. Default: `config.training.steps`. */
  limit?: Limits;
  /** When aborted, the micro-batch under way is finished and a checkpoint saved. */
  signal?: AbortSignal;
  /** Processes that make every step together; this is the first of them, and the others call `followTraining`. Default: none. */
  ranks?: Ranks;
  /** Whether this rank sends its training images to the others, instead of them opening their own. */
  sendImages?: boolean;
  /** Awaited: training continues when it returns. */
  onEvent?: TrainingEventListener;
}

/**
 * Trains a model and leaves a run folder. Equal configurations, images, versions and thread counts leave equal checkpoints,
 * byte for byte, however often a run was interrupted and resumed. What the configuration leaves to the program ("auto") is
 * decided when a run starts, by the memory there is then, and stands in its `config.json`: give that to repeat the run.
 *
 * @throws UserError when `out` holds a run and `resume` is not set, when another process trains into it, when it cannot be
 *   written (what is there stays as it is), when its checkpoint belongs to another configuration or other images, or when the
 *   images do not fit the model; TrainingStopped, which is one, after `training.maxConsecutiveSkips` skipped updates
 * @returns a promise of the result, whose events you can also go through: `for await (const event of train(…))`
 * @throws the signal's reason when it is aborted before the first step
 */
export function train(options: TrainOptions): TrainingRun {
  return trainingRun((onEvent, signal) => trainRun({ ...options, onEvent, signal }), options);
}

async function trainRun(options: TrainOptions): Promise<TrainResult> {
  const called = performance.now();
  const { data, out, resume = false, runtime = defaultRuntime(), ranks = single, onEvent: emit = () => {} } = options;
  const others = new AbortController(); // aborted when another rank has given up
  const signal = AbortSignal.any([others.signal, ...(options.signal ? [options.signal] : [])]);
  checkSets(options.config, data);
  const lock = await lockRun(out);
  const ended = new AbortController();
  const status: CheckpointStatus = { saving: false };
  afterPatience(signal, ended.signal, () => {
    if (!status.saving) void emit({ type: "waiting", saved: status.saved });
  });
  const work = async () => {
    await clearLeftovers(out);
    const { config: asked, notice } = settleFlips(options.config, data.train);
    const wanted = resume ? await withSettingsOfRun(asked, out) : asked;
    await pause(signal);
    const unsuited = notice === undefined ? [] : [notice];
    const { config, program } = runtime.traits.tellsMemory
      ? await fitToDevice(wanted, runtime, (message) => unsuited.push(message), ranks.size)
      : { config: fitToMemory(wanted, machineOf(runtime, ranks)) };
    await using _compiled = program; // shared with the trainer's, which need not load it again
    for (const message of unsuited) await emit({ type: "notice", message });
    await pause(signal);
    const inputs = new InputThread({ config, images: data.stream ?? data.train, device: runtime.traits, share: ranks });
    const reduction = reductionOf(ranks, runtime, (reason) => others.abort(reason));
    const result = await thenCleanUp(
      () => trainWith({ ...options, config, runtime, ranks, signal }, { inputs, reduction, status, called, lock }),
      () => inputs.dispose(),
    );
    if (others.signal.reason instanceof UserError) throw others.signal.reason; // what there was has been saved
    return result;
  };
  return thenCleanUp(work, async () => {
    ended.abort();
    await lock.release();
  });
}

/** What is known of where a run is trained, and by how many. */
type Settled = TrainOptions & Required<Pick<TrainOptions, "runtime" | "ranks">>;

/** The same with a settled configuration. */
async function trainWith(
  options: Settled,
  {
    called,
    lock,
    ...begun
  }: { inputs: InputThread; reduction: Reduction; status: CheckpointStatus; called: number; lock: RunLock },
): Promise<TrainResult> {
  const { config, data, out, limit = {}, runtime, ranks, signal, onEvent: emit = () => {} } = options;
  const { inputs, status } = begun;
  const identity = data.stream
    ? { count: data.stream.count, digest: data.stream.digest }
    : { count: data.train.count, digest: digestOfSet(data.train) };
  const { trainer, start, notices } = await prepare(options, { identity, ...begun });
  const observer = new Observer(trainer, data);
  const work = async () => {
    await pause(signal);
    for (const message of [...lock.notices, ...notices]) await emit({ type: "notice", message });
    const { gathered, resumed } = start;
    const machine = await computedOn(runtime, version);
    const described = runLine(config, data, machine, resumed?.step ?? null);
    const journal = await Journal.open(
      { config, out, counters: trainer.counters, emit, ...mirroringOf(data.train) },
      described,
      gathered,
    );
    const parts = { config, out, trainer, observer, inputs, journal, identity, status, emit };
    return new TrainingLoop(parts, { limit, signal, called, lost: lock.lost }).run();
  };
  return thenCleanUp(work, async () => {
    await ranks.broadcast<Order>("end").finally(async () => {
      await observer.dispose();
      await trainer.dispose();
    });
  });
}

/** What a process may take of this machine: ranks on the same one share it. */
function machineOf({ device, threads }: Runtime, { hosts, rank }: Ranks): Machine {
  const here = Math.max(1, hosts.filter((host) => host === hosts[rank]).length);
  return { device, threads, available: process.availableMemory() / here, ranks: Math.max(1, hosts.length) };
}

/** Finds where to start, describes the run in its folder, and compiles; the state on the host is released. */
async function prepare(
  { config, data, out, resume = false, initial, runtime, ranks, sendImages: sent = false, signal }: Settled,
  {
    identity,
    inputs,
    reduction,
    status,
  }: { identity: DataIdentity; inputs: InputThread; reduction: Reduction; status: CheckpointStatus },
) {
  const notices: string[] = [];
  const onNotice = (message: string) => notices.push(message);
  const { state, ...start } = await startingPoint(config, identity, { out, resume, initial, onNotice });
  status.saved = start.resumed;
  await describeRun(out, config, summarise(trainedOn(data)));
  const full = roomNotice(config, out, (await listCheckpoints(runPaths(out).checkpoints)).length);
  if (full) onNotice(full);
  await pause(signal);
  inputs.begin(start.counters.step);
  await recruit(ranks, { config, counters: start.counters }, { state, images: data.train, sent, runtime });
  const create = () => Trainer.create(config, runtime, start.counters, state, reduction);
  const { result: trainer } = await together(
    ranks,
    async () => ({ result: await create(), told: undefined }),
    (created) => created.dispose(),
  );
  return { trainer, start, notices };
}

/** What the log says of a run when it starts or resumes. */
function runLine(
  config: Config,
  data: TrainOptions["data"],
  machine: ComputedOn,
  resumedFrom: number | null,
): Omit<RunLine, "seconds"> {
  const shares = informationShares(config);
  return {
    type: "run",
    time: new Date().toISOString(),
    node: process.version,
    ...machine,
    preset: config.preset,
    data: data.train.name,
    trainImages: trainedOn(data).count,
    validationImages: data.validation.count,
    parameters: countParameters(parameterSpecs(config)),
    resumedFrom,
    groups: groups(config.model).map(({ index, resolution, channels }) => {
      return { index, resolution, channels, share: shares?.[index] ?? null };
    }),
  };
}

/** What is trained on, as far as its numbers go: of a stream, all of it. */
const trainedOn = ({ train, stream }: TrainOptions["data"]) =>
  stream ? { ...train, count: stream.count, labels: stream.labels } : train;

function checkSets({ model }: Config, { train: images, validation }: TrainOptions["data"]): void {
  if (images.count === 0) {
    throw new UserError(
      "too-few-images",
      `Expected images to train on in ${images.name}, got none: all that it has are held out.`,
    );
  }
  checkImages(validation, validation.name);
  for (const set of [images, ...(validation.count > 0 ? [validation] : [])]) {
    if (model.classes > 0 && set.classes.length !== model.classes) {
      throw new UserError(
        "missing-classes",
        `Expected images of ${model.classes} classes, as model.classes says, got ${set.name} with ${set.classes.length || "no"} ` +
          `classes. Set model.classes=${set.classes.length}.`,
      );
    }
    checkModelImages(model, set, set.name);
  }
}
