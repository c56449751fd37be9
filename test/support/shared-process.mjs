/** @file Runs command lines that its parent sends, one after another: `sharedStrata` of `command-line.ts`. */
import { run } from "../../dist/cli/program.js";

process.on("message", async (words) => {
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) {
    process[name].write = (text, done) => {
      printed[name] += text;
      done?.();
      return true;
    };
  }
  process.send({ code: await run(words), ...printed });
});
process.on("disconnect", () => process.exit());
