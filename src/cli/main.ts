#!/usr/bin/env node
/** @file The executable `strata`. */
import { loadingError, reportFailure } from "./failure.js";
import { flushResults, READER_GONE, surviveLostReaders } from "./output/output.js";
import { handleSignals } from "./signals.js";

// Before everything else is loaded, which takes a moment: a signal then ends in 130 too.
handleSignals();
surviveLostReaders();

/** Loads the program. */
async function load() {
  try {
    return await import("./program.js");
  } catch (error) {
    throw loadingError(error);
  }
}

/** @returns the exit code */
async function main(): Promise<number> {
  try {
    const { run } = await load();
    const code = await run(process.argv.slice(2));
    const arrived = await flushResults();
    return code === 0 && !arrived ? READER_GONE : code;
  } catch (error) {
    return reportFailure(error);
  }
}

process.exit(await main());
