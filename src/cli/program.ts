/** @file The program `strata`: its commands, and the exit code of a command line. */
import { Command, CommanderError } from "commander";
import { programName } from "./advice.js";
import { EXIT, reportFailure } from "./failure.js";
import { addGlobalOptions, Interrupted, ToldElsewhere } from "./options/command.js";
import { INTERRUPTED } from "./signals.js";

/** The commands in the order in which `strata --help` lists them. Each is loaded when it is called: a start need not read the whole program. */
const commands: Record<string, () => Promise<Command>> = {
  demo: async () => (await import("./commands/demo.js")).demoCommand,
  train: async () => (await import("./commands/train.js")).trainCommand,
  refine: async () => (await import("./commands/refine.js")).refineCommand,
  head: async () => (await import("./commands/head.js")).headCommand,
  sample: async () => (await import("./commands/sample.js")).sampleCommand,
  reconstruct: async () => (await import("./commands/reconstruct.js")).reconstructCommand,
  encode: async () => (await import("./commands/encode.js")).encodeCommand,
  evaluate: async () => (await import("./commands/evaluate.js")).evaluateCommand,
  sweep: async () => (await import("./commands/sweep.js")).sweepCommand,
  calibrate: async () => (await import("./commands/calibrate.js")).calibrateCommand,
  tune: async () => (await import("./commands/tune.js")).tuneCommand,
  ablate: async () => (await import("./commands/ablate.js")).ablateCommand,
  compare: async () => (await import("./commands/compare.js")).compareCommand,
  probe: async () => (await import("./commands/probe.js")).probeCommand,
  studio: async () => (await import("./commands/studio.js")).studioCommand,
  report: async () => (await import("./commands/report.js")).reportCommand,
  inspect: async () => (await import("./commands/inspect.js")).inspectCommand,
  import: async () => (await import("./commands/import.js")).importCommand,
  export: async () => (await import("./commands/export.js")).exportCommand,
  card: async () => (await import("./commands/card.js")).cardCommand,
  push: async () => (await import("./commands/push.js")).pushCommand,
  data: async () => (await import("./commands/data.js")).dataCommand,
  fetch: async () => (await import("./commands/fetch.js")).fetchCommand,
  doctor: async () => (await import("./commands/doctor.js")).doctorCommand,
};

/** The command that the words begin with; else, for help and for what is misspelt, all of them. A version needs none. */
function called(words: readonly string[]): Promise<Command[]> | Command[] {
  if (words.length === 1 && words[0] === "--version") return [];
  const first = words.find((word) => !word.startsWith("-")) ?? "";
  const loaders = Object.hasOwn(commands, first) ? [commands[first]] : Object.values(commands);
  return Promise.all(loaders.map((load) => load()));
}

/**
 * Runs one command line to its end.
 *
 * @param words - what follows the program's name
 * @returns the exit code: 0 done, 1 an internal error, 2 bad usage or input, 130 interrupted
 */
export async function run(words: string[]): Promise<number> {
  const program = addGlobalOptions(new Command(programName()).description("Deep hierarchical image VAEs."));
  for (const command of await called(words)) program.addCommand(command);
  program.addHelpText("after", `\nExample:\n  ${programName()} demo --out runs/demo`);
  try {
    await program.parseAsync(words, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage; // commander has printed it
    if (error instanceof Interrupted) return INTERRUPTED;
    if (error instanceof ToldElsewhere) return EXIT.usage;
    return reportFailure(error);
  }
}
