#!/usr/bin/env node
/** @file The executable `strata`. */
import "../polyfill.js";
import { run } from "./program.js";

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0); // the reader has seen enough: `strata inspect emoji32 | head`
  throw error;
});

const code = await run(process.argv.slice(2));
process.stdout.write("", () => process.exit(code)); // after everything printed has left
