#!/usr/bin/env node
/** @file The executable `strata`. */
import { exitUnlessListening } from "./signals.js";

exitUnlessListening(); // before everything else is loaded, which takes a moment: a signal then ends in 130 too

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0); // the reader has seen enough: `strata inspect emoji32 | head`
  throw error;
});

await import("../polyfill.js");
const { run } = await import("./program.js");
const code = await run(process.argv.slice(2));
process.stdout.write("", () => process.exit(code)); // after everything printed has left
