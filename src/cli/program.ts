/** @file The program `strata`: its commands, and the exit code of a command line. */
import { Command, CommanderError } from "commander";
import { ablateCommand } from "./ablate.js";
import { addGlobalOptions, Interrupted } from "./command.js";
import { dataCommand } from "./data.js";
import { demoCommand } from "./demo.js";
import { doctorCommand } from "./doctor.js";
import { evaluateCommand } from "./evaluate.js";
import { exportCommand } from "./export.js";
import { EXIT, reportFailure } from "./failure.js";
import { fetchCommand } from "./fetch.js";
import { importCommand } from "./import.js";
import { inspectCommand } from "./inspect.js";
import { reconstructCommand } from "./reconstruct.js";
import { reportCommand } from "./report.js";
import { sampleCommand } from "./sample.js";
import { INTERRUPTED } from "./signals.js";
import { sweepCommand } from "./sweep.js";
import { trainCommand } from "./train.js";

/** The commands in the order in which `strata --help` lists them. */
const commands = [
  demoCommand,
  trainCommand,
  sampleCommand,
  reconstructCommand,
  evaluateCommand,
  sweepCommand,
  ablateCommand,
  reportCommand,
  inspectCommand,
  importCommand,
  exportCommand,
  dataCommand,
  fetchCommand,
  doctorCommand,
];

/**
 * Runs one command line to its end.
 *
 * @param words - what follows the program's name
 * @returns the exit code: 0 done, 1 a failure of ours, 2 bad usage or input, 130 interrupted
 */
export async function run(words: string[]): Promise<number> {
  const program = addGlobalOptions(new Command("strata").description("Deep hierarchical image VAEs."));
  for (const command of commands) program.addCommand(command);
  program.addHelpText("after", "\nExample:\n  strata demo --out runs/demo");
  try {
    await program.parseAsync(words, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage; // commander has printed it
    if (error instanceof Interrupted) return INTERRUPTED;
    return reportFailure(error);
  }
}
