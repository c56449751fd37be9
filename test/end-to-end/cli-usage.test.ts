/** @file Usage: help, version, and command lines that cannot be understood. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sharedStrata, startWith, strata, temporaryFolder } from "../support/command-line.js";
import { tinyConfig } from "../support/tiny.js";

const ofModels = ["demo", "train", "sample", "reconstruct", "evaluate", "sweep", "ablate", "inspect"];
const commands = [...ofModels, "calibrate", "report", "import", "export", "fetch", "doctor"];

test("--help lists the commands", async () => {
  const { code, stdout } = await strata("--help");
  expect(code).toBe(0);
  for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command} `, "m"));
});

test.each(commands)("%s --help has an example and the global options", async (command) => {
  const { code, stdout } = await sharedStrata(command, "--help");
  expect(code).toBe(0);
  expect(stdout).toContain(`Example:\n  strata ${command}`);
  for (const option of ["--seed", "--device", "--threads", "--quiet", "--json"]) expect(stdout).toContain(option);
});

test("--version prints the version of package.json", async () => {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect(await strata("--version")).toMatchObject({ code: 0, stdout: `${version}\n` });
  expect(await strata("train", "--version")).toMatchObject({ code: 0, stdout: `${version}\n` });
});

test.each([
  { words: ["evaluat"], message: /unknown command 'evaluat'/ },
  { words: ["train", "--presett", "x"], message: /unknown option '--presett'[\s\S]*Did you mean --preset/ },
  { words: ["inspect"], message: /missing required argument 'what'/ },
  { words: ["inspect", "emoji32-small", "cifar10"], message: /too many arguments/ },
  { words: ["sample", "--run", "x", "--count", "0", "--out", "x.png"], message: /whole number from 1 (up|to)/ },
  { words: ["sample", "--run", "x", "--count", "1e3"], message: /whole number from 1 (up|to)/ },
  { words: ["sample", "--run", "x", "--count", "-3"], message: /whole number from 1 (up|to)/ },
  { words: ["sample", "--run", "nowhere"], message: /Expected a run folder at nowhere, but there is none/ },
  { words: ["inspect", "cifar-10"], message: /did you mean cifar10\?/ },
  { words: ["evaluate", "--run", "x", "--metrics", "fidd", "--out", "x"], message: /got fidd: did you mean fid\?/ },
  {
    words: [
      "reconstruct",
      "--run",
      "x",
      "--data",
      "y",
      "--count",
      "1",
      "--out",
      "x.png",
      "--groups",
      "1",
      "--rate",
      "1",
    ],
    message: /'--rate <bpd>' cannot be used with option '--groups <k>'/,
  },
  { words: ["doctor", "--device", "tpu"], message: /Expected auto, cpu, webgpu, xla or xla:PATH/ },
  { words: ["doctor", "--threads", "none"], message: /whole number from 1 (up|to)/ },
])("$words is refused with exit code 2", async ({ words, message }) => {
  const { code, stdout, stderr } = await sharedStrata(...words);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/^\s+at /m);
});

test("no command at all is refused with the help", async () => {
  const { code, stderr } = await strata();
  expect(code).toBe(2);
  expect(stderr).toContain("Usage: strata");
});

test("STRATA_THREADS stands for --threads, and is checked as that is", async () => {
  const { code, stderr } = await startWith({ STRATA_THREADS: "none" }, "doctor").ended;
  expect(code).toBe(2);
  expect(stderr).toContain("'none' from env 'STRATA_THREADS' is invalid. Expected a whole number from 1 to ");
});

test("global options count before a command as after it", async () => {
  const file = join(temporaryFolder(), "tiny.json");
  writeFileSync(file, JSON.stringify(tinyConfig()));
  const before = await sharedStrata("--json", "inspect", file);
  const after = await sharedStrata("inspect", file, "--json");
  expect(before.code, before.stderr).toBe(0);
  expect(JSON.parse(before.stdout)).toEqual(JSON.parse(after.stdout));
});
