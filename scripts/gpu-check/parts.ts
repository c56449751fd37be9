/** @file The parts of the check: each finds a few things, within a limit of time. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { Competitor } from "../../bench/competitor.js";
import { median } from "../../bench/measure.js";
import { withInputs } from "../../bench/peers/inputs.js";
import { type Competing, jax, type Precision, pyTorchOnGpu, strataOnXla } from "../../bench/peers/systems.js";
import type { Work } from "../../bench/protocol.js";
import { digits, gigabytes, seconds } from "../../bench/suite.js";
import { addGlobalOptions } from "../../src/cli/options/command.js";
import { applySettings, type Config, resolvePreset } from "../../src/config/index.js";
import { testDevice } from "../../src/engine/index.js";
import { normalNoise, stream } from "../../src/latents/noise.js";
import { groups } from "../../src/model/index.js";
import { formatPower } from "../../src/number-format.js";
import type { CheckName, CheckTask } from "./checks.js";
import type { Plan } from "./plan.js";

/** One thing that was found, in words and as data. */
export interface Finding {
  what: string;
  found: string;
  data?: unknown;
}

/** What every part works with. */
export interface Setting {
  plan: Plan;
  /** Path of XLA's plugin. */
  plugin: string;
  threads: number;
}

export interface Part {
  name: string;
  title: string;
  /** Of the twelve minutes. */
  seconds: number;
  /** @param signal - aborted when the time is up; what was found until then stays */
  run(setting: Setting, add: (finding: Finding) => void, signal: AbortSignal): Promise<void>;
}

const precisions: readonly Precision[] = ["float32", "tf32", "bfloat16"];

/** The precisions that this version can compute with. */
const known = addGlobalOptions(new Command()).options.find(({ long }) => long === "--precision")!.argChoices!;

/** Units of work that are timed, if the time allows. */
const ROUNDS = 20;

const configOf = ({ preset, settings }: Plan, batch: number): Config =>
  applySettings(resolvePreset(preset), [
    ...settings,
    ...[`training.batchSize=${batch}`, `training.microBatchSize=${batch}`, "training.rematerialise=false"],
  ]);

/** Times a competitor at work: a first unit that does not count, then as many as fit into the time. */
async function timed(
  competing: Competing,
  { work, batch }: { work: Work; batch: number },
  { plan, threads }: Setting,
  limit: { signal: AbortSignal; seconds: number },
): Promise<Omit<Finding, "what">> {
  const config = configOf(plan, batch);
  return withInputs([competing], config, work, async (inputs) => {
    const task = { work, config, threads, given: true, inputs };
    const until = performance.now() + 1000 * limit.seconds;
    const { competitor, startMs } = await Competitor.start(competing, task, limit.signal);
    const first = await competitor.step();
    const times: number[] = [];
    while (times.length < ROUNDS && (times.length === 0 || performance.now() < until)) {
      times.push((await competitor.step()).ms);
    }
    const { peakBytes, deviceBytes } = await competitor.end();
    const ms = median(times);
    const memory = [
      `${gigabytes(peakBytes)} GB of the host`,
      ...(deviceBytes ? [`${gigabytes(deviceBytes)} GB of the device`] : []),
    ].join(", ");
    const speed = `${digits((1000 * batch) / ms)} images/s (${digits(ms)} ms)`;
    return {
      found: `${speed}; ready after ${seconds(startMs)} s; ${memory}`,
      data: {
        competing: competing.system,
        variant: competing.variant,
        work,
        batch,
        startMs,
        first,
        times,
        ms,
        peakBytes,
        deviceBytes,
      },
    };
  });
}

/** A part that times one competitor. */
function timing(
  name: string,
  title: string,
  allotted: number,
  { work, batch, who }: { work: Work; batch: (plan: Plan) => number; who(setting: Setting): Competing[] | string },
): Part {
  return {
    ...{ name, title, seconds: allotted },
    run: async (setting, add, signal) => {
      const competing = who(setting);
      if (typeof competing === "string") return add({ what: title, found: `skipped: ${competing}` });
      const job = { work, batch: batch(setting.plan) };
      const limit = { signal, seconds: 0.7 * allotted };
      for (const one of competing) add({ what: title, ...(await timed(one, job, setting, limit)) });
    },
  };
}

/** Those who are here, or why nobody is. */
const or = (competitors: Competing[], nobody: string) => (competitors.length > 0 ? competitors : nobody);

/** A part that runs in a process of its own, so that it gives the device back. */
function checking(check: CheckName, title: string, allotted: number): Part {
  return {
    ...{ name: check, title, seconds: allotted },
    run: ({ plan, plugin, threads }, add, signal) => {
      const task: CheckTask = { check, plan, plugin, threads };
      const child = fork(fileURLToPath(new URL("checks.ts", import.meta.url)), [JSON.stringify(task)], {
        execArgv: ["--import", "tsx"],
        signal,
        killSignal: "SIGKILL",
      });
      return new Promise((resolve, reject) => {
        child.on("message", (finding: Finding) => add(finding));
        child.on("error", reject);
        child.on("exit", (code, name) =>
          code === 0 ? resolve() : reject(new Error(`The process of ${check} ended with ${name ?? code}.`)),
        );
      });
    },
  };
}

const conformance: Part = {
  name: "conformance",
  title: "Operations beside the CPU's",
  seconds: 40,
  run: async ({ plugin }, add) => {
    const verdict = await testDevice({ device: "xla", xla: { plugin } });
    const found = verdict.usable
      ? `${verdict.count} programs agree, off by ${formatPower(verdict.deviation)} at most`
      : `not usable: ${verdict.reason}`;
    add({ what: "operations of the engine, float32", found, data: verdict });
  },
};

/** Numbers that the CPU draws for each image, and how fast: the device cannot sample faster, but draws them itself to train. */
const noise: Part = {
  name: "noise",
  title: "Noise",
  seconds: 5,
  run: async ({ plan }, add) => {
    const { model } = configOf(plan, plan.batch);
    const shapes = groups(model).map(({ shape }) => shape);
    const draw = (images: number) => normalNoise(stream(0, "sampleLatents"), [...Array(images).keys()], shapes);
    draw(2);
    const began = performance.now();
    draw(8);
    const rate = 8000 / (performance.now() - began);
    const numbers = shapes.map((shape) => shape.reduce((size, n) => size * n, 1)).reduce((sum, size) => sum + size, 0);
    add({
      what: "noise for samples, drawn by one thread of the CPU",
      found: `enough for ${digits(rate)} images/s, of ${numbers} numbers each`,
      data: { imagesPerSecond: rate, numbers },
    });
  },
};

const train = { work: "train", batch: ({ batch }: Plan) => batch } as const;

export const parts: Part[] = [
  checking("device", "The device", 10),
  conformance,
  checking("golden", "The authors' golden files", 50),
  ...precisions.map((precision) =>
    timing(`train-${precision}`, `training step, Strata, ${precision}`, 75, {
      ...train,
      who: ({ plugin }) =>
        known.includes(precision) ? [strataOnXla(plugin, precision)] : "this version does not know the precision",
    }),
  ),
  noise,
  ...(["tf32", "bfloat16"] as const).map((precision) =>
    timing(`jax-${precision}`, `training step, JAX, ${precision}`, 60, {
      ...train,
      who: () => or(jax(precision), "JAX is not installed"),
    }),
  ),
  ...(
    [
      ["tf32", false, 35],
      ["bfloat16", false, 35],
      ["bfloat16", true, 90],
    ] as const
  ).map(([precision, compile, allotted]) =>
    timing(
      `pytorch-${precision}${compile ? "-compiled" : ""}`,
      `training step, PyTorch, ${precision}, channels-last${compile ? ", compiled" : ""}`,
      allotted,
      {
        ...train,
        who: () => or(pyTorchOnGpu(precision, { compile }), "PyTorch is not installed"),
      },
    ),
  ),
  ...[0, 1, 2].map((index) =>
    timing(`generate-${index}`, `samples, Strata, float32, the ${["smallest", "middle", "largest"][index]} batch`, 25, {
      work: "generate",
      batch: ({ drawn }) => drawn[Math.min(index, drawn.length - 1)],
      who: ({ plugin }) => [strataOnXla(plugin)],
    }),
  ),
  checking("training", "Training beside the CPU's", 60),
];
