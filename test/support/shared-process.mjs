/** @file Runs command lines that its parent sends, one after another, by the module that is named: `sharedProcess` of `command-line.ts`. */
const { run } = await import(process.argv[2]);

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
