/** @file The program `strata`: its commands, and the exit code of a command line. */
import { Command, CommanderError } from "commander";
import { addGlobalOptions, Interrupted } from "./command.js";
import { EXIT, reportFailure } from "./failure.js";
import { programName } from "./invocation.js";
import { INTERRUPTED } from "./signals.js";

/** The commands in the order in which `strata --help` lists them. Each is loaded when it is called: a start need not read the whole program. */
const commands: Record<string, () => Promise<Command>> = {
  demo: async () => (await import("./demo.js")).demoCommand,
  train: async () => (await import("./train.js")).trainCommand,
  sample: async () => (await import("./sample.js")).sampleCommand,
  reconstruct: async () => (await import("./reconstruct.js")).reconstructCommand,
  evaluate: async () => (await import("./evaluate.js")).evaluateCommand,
  sweep: async () => (await import("./sweep.js")).sweepCommand,
  ablate: async () => (await import("./ablate.js")).ablateCommand,
  report: async () => (await import("./report.js")).reportCommand,
  inspect: async () => (await import("./inspect.js")).inspectCommand,
  import: async () => (await import("./import.js")).importCommand,
  export: async () => (await import("./export.js")).exportCommand,
  data: async () => (await import("./data.js")).dataCommand,
  fetch: async () => (await import("./fetch.js")).fetchCommand,
  doctor: async () => (await import("./doctor.js")).doctorCommand,
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
 * @returns the exit code: 0 done, 1 a failure of ours, 2 bad usage or input, 130 interrupted
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
    return reportFailure(error);
  }
}
