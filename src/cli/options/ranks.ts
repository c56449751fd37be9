/** @file Commands whose work several processes share: the first one does what the command says, the others what it asks of them. */
import { writeSync } from "node:fs";
import { availableParallelism } from "node:os";
import { type Command, Option } from "commander";
import type { Runtime } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import { expectMpi, launcherOf } from "../../ranks/launcher.js";
import type { Ranks } from "../../ranks/ranks.js";
import type { RunJob, RunServer } from "../../ranks/shared-runs.js";
import type { TrainingJob } from "../../training/start-together.js";
import { numberAbove, wholeNumber } from "./arguments.js";
import { type Context, createRuntime, ToldElsewhere } from "./command.js";
import { type ImageOptions, openImages } from "./images.js";

/** What rank 0 asks of the others, one after another. */
type Job = TrainingJob | RunJob | { kind: "end" };

interface RankOptions extends Partial<ImageOptions> {
  ranks?: number;
  rankTimeout: number;
}

/** Seconds: more than a busy machine is ever silent for. */
const TIMEOUT = 120;

/** Adds the options of commands that several processes share. */
export const addRankOptions = (command: Command): Command =>
  command
    .addOption(
      new Option(
        "--ranks <n>",
        "share the work among this many processes of this machine, which mpirun starts (of several machines: mpirun … strata …)",
      ).argParser(wholeNumber(1, 1024)),
    )
    .addOption(
      new Option("--rank-timeout <seconds>", "end when a process gives no sign of life for so long")
        .argParser(numberAbove(1, { inclusive: true, most: 86_400 }))
        .default(TIMEOUT),
    );

/** The option of commands that train. */
export const sendImagesOption = (): Option =>
  new Option(
    "--send-images",
    "send the training images to the other processes, which then need no --data of their own",
  );

type Action<Options> = (context: Context, options: Options, ...words: string[]) => Promise<void>;

/**
 * Wraps an action: started by a launcher, the first process does it, given the others as `context.ranks`, and these serve it. Started
 * alone, nothing changes.
 */
export const sharedByRanks =
  <Options extends object>(action: Action<Options>): Action<Options> =>
  async (context, options, ...words) => {
    const shared = options as Options & RankOptions;
    const { ranks: wanted, rankTimeout } = shared;
    expectMpi();
    const launcher = launcherOf();
    if (launcher === undefined) {
      if (wanted === undefined || wanted === 1) return action(context, options, ...words);
      const { runUnderLauncher } = await import("../mpirun.js");
      return runUnderLauncher(wanted, context);
    }
    const { openRanks } = await import("../../ranks/open-ranks.js");
    const ranks = await openRanks(launcher, { timeoutSeconds: rankTimeout, onHang: dieOf });
    const own = { ...context, ranks, threads: context.threads ?? threadsOf(ranks) };
    if (ranks.rank === 0) await lead(own, () => action(own, options, ...words));
    else await serve(own, shared);
  };

/** Cores for each of the processes that may use the same. */
const threadsOf = ({ sharing }: Ranks): number => Math.max(1, Math.floor(availableParallelism() / sharing));

/** A thread inside native code cannot be ended, and keeps the process from exiting. */
function dieOf(message: string): void {
  writeSync(2, `strata: ${message} This process kills itself.\n`);
  process.kill(process.pid, "SIGKILL");
}

async function lead({ ranks, threads, progress }: Context, action: () => Promise<void>): Promise<void> {
  const cores = availableParallelism();
  if (ranks.sharing * threads! > cores) {
    progress.note(
      `${ranks.sharing} processes with ${threads} threads each share ${cores} cores, and get in each other's way: ` +
        `--threads ${threadsOf(ranks)}, fewer processes, or another binding (mpirun --bind-to none) would be faster.`,
    );
  }
  try {
    await action();
  } catch (error) {
    await part(ranks).catch(() => {}); // where others are lost, that is the error
    throw error;
  }
  await part(ranks);
}

async function part(ranks: Ranks): Promise<void> {
  await ranks.broadcast<Job>({ kind: "end" });
  await ranks.close();
}

/**
 * Does what rank 0 asks until that is over. What fails here has been told there, and is thrown when all have parted.
 *
 * @throws ToldElsewhere in place of a UserError, which rank 0 says once for all
 */
async function serve(context: Context, options: RankOptions): Promise<void> {
  const { ranks, signal } = context;
  let runtime: Runtime | undefined;
  let runs: RunServer | undefined;
  let failure: { error: unknown } | undefined;
  try {
    for (;;) {
      const job = await ranks.broadcast<Job>(undefined);
      if (job.kind === "end") break;
      runtime ??= await createRuntime(context);
      if (job.kind !== "train") {
        const { RunServer } = await import("../../ranks/shared-runs.js");
        runs ??= new RunServer(ranks, runtime, signal);
        await runs.serve(job);
        continue;
      }
      const { followTraining } = await import("../../training/follow.js");
      const opened = (config: TrainingJob["config"]) => openImages(options as ImageOptions, config.model, context);
      const openTraining = async (config: TrainingJob["config"]) => (await opened(config)).train;
      const following = followTraining(job, { ranks, runtime, openImages: openTraining, signal });
      await following.catch((error) => {
        failure ??= { error };
      });
    }
    await ranks.close();
  } finally {
    await runtime?.dispose();
  }
  if (failure) throw failure.error instanceof UserError ? new ToldElsewhere() : failure.error;
}
