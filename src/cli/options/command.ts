/** @file What every command shares: the global options, an example in its help, and the context its action runs in. */
import { Command, Option } from "commander";
import type { OpenRuntimeOptions, Runtime } from "../../engine/index.js";
import { firstError } from "../../errors.js";
import { isFollower } from "../../ranks/launcher.js";
import { type Ranks, single } from "../../ranks/ranks.js";
import { version } from "../../version.js";
import { programName } from "../advice.js";
import { writeResult } from "../output/output.js";
import { Progress } from "../output/progress.js";
import { listenForInterruption } from "../signals.js";
import { deviceName, threadCount, wholeNumber } from "./arguments.js";

/** What a command's action is given besides its own options and arguments. */
export interface Context {
  /** Seed of every random choice; undefined: the command's own default. */
  seed: number | undefined;
  /** Where to compute; undefined: the engine's choice. */
  device: OpenRuntimeOptions["device"];
  /** Threads of the engine; undefined: the engine's choice. */
  threads: number | undefined;
  /** How many devices of XLA's compute together; undefined: the engine's choice. */
  devices: number | undefined;
  /** Of XLA's products or activations. */
  precision: OpenRuntimeOptions["precision"];
  /** Whether a GPU is to give the same bytes again. */
  deterministic: boolean | undefined;
  /** Whether nothing is fetched, and only what the cache has is used; undefined: as the environment says. */
  offline: boolean | undefined;
  quiet: boolean;
  /** Processes that share the work; one, unless a launcher has started more. */
  ranks: Ranks;
  /** Aborted by Ctrl-C, SIGTERM and their like: save, and return. */
  signal: AbortSignal;
  progress: Progress;
  /** Prints the result, once: `json` as one object on standard output with --json, else `text`. */
  result(json: object, text: string): void;
}

/** Thrown after an interrupted command has saved what it had. */
export class Interrupted extends Error {
  override name = "Interrupted";
}

/** Thrown where another process says what was wrong. */
export class ToldElsewhere extends Error {
  override name = "ToldElsewhere";
}

interface GlobalOptions {
  seed?: number;
  device?: OpenRuntimeOptions["device"];
  threads?: number;
  devices?: number;
  precision?: OpenRuntimeOptions["precision"];
  deterministic?: boolean;
  offline?: boolean;
  quiet?: boolean;
  json?: boolean;
  /** Of commands that write files: where to. */
  out?: string;
}

/** Adds the options that every command has, with one meaning everywhere. */
export function addGlobalOptions(command: Command): Command {
  return command
    .addOption(new Option("--seed <n>", "seed of every random choice").argParser(wholeNumber(0)))
    .addOption(
      new Option(
        "--device <name>",
        "auto (the CPU), cpu, webgpu, xla (a GPU or TPU), or xla:PATH of its plugin",
      ).argParser(deviceName),
    )
    .addOption(
      new Option("--devices <n>", "of xla: devices to compute on together (default: all GPUs or TPUs)").argParser(
        wholeNumber(1, 1024),
      ),
    )
    .addOption(
      new Option(
        "--precision <name>",
        "of xla, for the model: products of float32 (default) or tf32, or activations in bfloat16, in half the memory",
      ).choices(["float32", "tf32", "bfloat16"]),
    )
    .addOption(
      new Option("--threads <n>", "threads to compute with (default: one per core)")
        .env("STRATA_THREADS")
        .argParser(threadCount),
    )
    .option("--deterministic", "of xla on a GPU: the same bytes again from the same start, at some cost in speed")
    .option("--offline", "fetch nothing: use what was fetched before")
    .option("--quiet", "print no progress or notices")
    .option("--json", "print the result as one JSON object on standard output")
    .version(version, "--version", "print the version")
    .helpOption("--help", "print this help")
    .exitOverride()
    .showHelpAfterError("(--help lists the options)");
}

/**
 * A command with the global options.
 *
 * @param usage - its name and arguments, as commander writes them: "inspect <what>"
 * @param example - a command line that works, which begins with "strata"
 */
export const createCommand = (usage: string, summary: string, example: string): Command => {
  const command = addGlobalOptions(new Command(usage.split(" ")[0]).description(summary));
  for (const argument of usage.split(" ").slice(1)) command.argument(argument);
  return command.addHelpText("after", `\nExample:\n  ${example.replace(/^strata\b/, programName())}`);
};

/**
 * Wraps a command's action for commander: reads the global options, listens for Ctrl-C while the action runs, and throws
 * {@link Interrupted} after an action that was interrupted.
 *
 * @param action - given the context, the command's options, then its arguments
 * @param stopping - what it does when a signal asks it to stop
 */
export const withContext =
  <Options>(
    action: (context: Context, options: Options, ...words: string[]) => Promise<void>,
    { stopping = "saving and stopping. A second Ctrl-C or SIGTERM stops at once, without saving." } = {},
  ) =>
  async (...parameters: unknown[]): Promise<void> => {
    const command = parameters.at(-1) as Command;
    const options = command.optsWithGlobals<Options & GlobalOptions>();
    const quiet = options.quiet || isFollower();
    const progress = new Progress(process.stderr, { quiet });
    const interruption = listenForInterruption(
      (name) => {
        progress.clear();
        progress.note(`${name}: ${stopping}`);
      },
      { onIgnored: (name, reason) => progress.note(`${name} ignored, because ${reason}.`) },
    );
    const result = (json: object, text: string) => {
      progress.clear();
      // what writes files has done its work, whether or not anybody reads what it says of it
      const write =
        options.json || options.out === undefined ? writeResult : (line: string) => process.stdout.write(line);
      write(options.json ? `${JSON.stringify(json)}\n` : `${text}\n`);
    };
    const { seed, device, threads, devices, precision, deterministic, offline } = options;
    const { signal } = interruption;
    try {
      await action(
        {
          seed,
          device,
          threads,
          devices,
          precision,
          deterministic,
          offline,
          quiet,
          ranks: single,
          signal,
          progress,
          result,
        },
        options,
        ...command.args,
      );
    } catch (failure) {
      const error = firstError(failure);
      const stopped = signal.aborted && error instanceof Error && error.name === "AbortError";
      if (!stopped) throw error;
    } finally {
      progress.clear();
      interruption.dispose();
    }
    if (signal.aborted) throw new Interrupted();
  };

/**
 * A runtime on the device and with the threads that were asked for, which shares its runs with other ranks; says so when it is another
 * device. The command disposes it.
 */
export async function createRuntime(context: Context): Promise<Runtime> {
  const { device, threads, devices, precision, deterministic, progress, ranks } = context;
  const { openRuntime } = await import("../../engine/index.js"); // commands that compute nothing start without it
  if (device === "webgpu") progress.update("testing WebGPU …");
  if (device?.startsWith("xla")) progress.update("testing XLA …");
  const onNotice = (message: string) => progress.note(message);
  const runtime = await openRuntime({ device, threads, devices, precision, deterministic, onNotice });
  if (ranks.size > 1 && ranks.rank === 0) {
    const { SharedRuns } = await import("../../ranks/shared-runs.js");
    runtime.shareRuns(new SharedRuns(ranks));
  }
  return runtime;
}
