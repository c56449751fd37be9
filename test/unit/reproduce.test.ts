/** @file What docs/reproduce.md says can be done: its configurations are valid, and its commands and jobs are called rightly. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Command } from "commander";
import { describe, expect, test } from "vitest";
import { ablateCommand } from "../../src/cli/commands/ablate.js";
import { doctorCommand } from "../../src/cli/commands/doctor.js";
import { evaluateCommand } from "../../src/cli/commands/evaluate.js";
import { fetchCommand } from "../../src/cli/commands/fetch.js";
import { inspectCommand } from "../../src/cli/commands/inspect.js";
import { reconstructCommand } from "../../src/cli/commands/reconstruct.js";
import { sampleCommand } from "../../src/cli/commands/sample.js";
import { sweepCommand } from "../../src/cli/commands/sweep.js";
import { trainCommand } from "../../src/cli/commands/train.js";
import { parseGuidance, parseWeightGrid, parseWeights } from "../../src/cli/options/arguments.js";
import { addGlobalOptions } from "../../src/cli/options/command.js";
import { overlayConfig, resolvePreset } from "../../src/config/index.js";
import { ablationRuns } from "../../src/experiments/ablation.js";
import { bindingSettings } from "../../src/training/run/manifest.js";
import { callsOf, configurationPath, configurations, jobs, pagePrograms } from "../support/paper.js";

const page = readFileSync("docs/reproduce.md", "utf8");
const read = (name: string) => overlayConfig(JSON.parse(readFileSync(configurationPath(name), "utf8")));

describe.each(configurations)("%s", (name) => {
  test("names the schema, the page names it, and only Table 1's rows change what a preset trains", () => {
    const { $schema } = JSON.parse(readFileSync(configurationPath(name), "utf8"));
    expect(existsSync(join(dirname(configurationPath(name)), $schema))).toBe(true);
    expect(page).toContain(`\`${name}\``);
    const { config, preset, changed } = read(name);
    const published = resolvePreset(config.preset as "cifar10");
    expect(preset).toBe(config.preset);
    const same = changed.every((path) => !path.startsWith("objective."));
    const [got, want] = [config, published].map(bindingSettings);
    if (same) expect(got).toEqual(want);
    expect(config.training.steps).toBe(published.training.steps);
    expect(config.training.batchSize % (config.training.microBatchSize as number)).toBe(0);
  });
});

test("the four rows of Table 1 are the runs of `ablate`", () => {
  for (const { row, config } of ablationRuns(read("table1-both.json").config, "runs", [0])) {
    expect(read(`table1-${row.name}.json`).config).toEqual(config);
  }
});

const commands = [
  ...[ablateCommand, doctorCommand, evaluateCommand, fetchCommand, inspectCommand],
  ...[reconstructCommand, sampleCommand, sweepCommand, trainCommand],
];

/** The options of a command line, parsed as the program does it, up to the moment when it would act. */
async function parsed(words: string[]): Promise<Record<string, unknown>> {
  const program = addGlobalOptions(new Command("strata"));
  for (const command of commands) program.addCommand(command);
  const known = new Error("known");
  let options: Record<string, unknown> = {};
  program.hook("preAction", (_, command) => {
    options = command.optsWithGlobals();
    throw known;
  });
  await expect(program.parseAsync(words, { from: "user" }), words.join(" ")).rejects.toBe(known);
  return options;
}

/** Checks one call of a program: its options, the weights in them, and the files of the repository that it names. */
async function check([program, ...words]: string[]): Promise<void> {
  if (program === "sbatch") expect(existsSync(words.at(-1)!), words.join(" ")).toBe(true);
  if (program !== "strata") return;
  const { config, guidance, guidanceGrid, mean, variance } = await parsed(words);
  if (config !== undefined) expect(configurations.map(configurationPath)).toContain(config);
  if (guidance !== undefined) parseGuidance(guidance as string[]);
  if (guidanceGrid !== undefined) parseWeightGrid(guidanceGrid as string[]);
  for (const weights of [mean, variance]) if (weights !== undefined) parseWeights(weights as string, "--mean");
}

test("every command of the page is one that the program takes", async () => {
  const calls = callsOf(pagePrograms.join("\n"));
  expect(calls.filter(([program]) => program === "strata").length).toBeGreaterThan(15);
  for (const call of calls) await check(call);
});

/** The environment of each of a job's tasks. */
const tasksOf = (job: string): Record<string, string>[] =>
  job.includes("--array=0-3") ? ["0", "1", "2", "3"].map((task) => ({ SLURM_ARRAY_TASK_ID: task })) : [{}];

describe.each([...jobs])("%s", (name, job) => {
  test("calls the program rightly, and installs XLA where it is missing", async () => {
    const calls = tasksOf(job).flatMap((task) => callsOf(job, task));
    expect(calls[0]).toEqual(["pip", "install", "--quiet", "--target", "/xla", "jax-cuda13-plugin[with-cuda]"]);
    expect(page).toContain(`\`${name}\``);
    for (const call of calls) await check(call);
  });

  test("returns to the queue when it was stopped, and fails when a step fails", () => {
    const [task] = tasksOf(job);
    const first = callsOf(job, task).findIndex(([program]) => program === "strata");
    const stopped = callsOf(job, task, [...Array(first).fill(0), 130]);
    expect(stopped.at(-1)).toEqual(["scontrol", "requeue", "7"]);
    expect(stopped).toHaveLength(first + 2);
    expect(() => callsOf(job, task, [...Array(first).fill(0), 2])).toThrow();
    expect(job).toMatch(/^#SBATCH --requeue$/m);
    expect(job).toMatch(/^#SBATCH --signal=USR1@\d+$/m);
  });
});

test("what trains in a job resumes", () => {
  const calls = [...jobs.values()].flatMap((job) => tasksOf(job).flatMap((task) => callsOf(job, task)));
  const training = calls.filter(([, command]) => command === "train");
  expect(training).toHaveLength(6);
  expect(training.filter((words) => !words.includes("--resume"))).toEqual([]);
});
