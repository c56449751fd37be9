/**
 * @file Logs a run to TensorBoard, and to Weights & Biases or any other service that takes numbers by step.
 *
 *     npx tsx examples/logging.ts [steps] [folder]
 *     tensorboard --logdir runs/logged/tensorboard
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { openData, resolvePreset, type TrainingEvent, train } from "strata-vae";
import { tensorBoardListener } from "strata-vae/report";

const [steps = "200", out = "runs/logged"] = process.argv.slice(2);

/** What a client of such a service offers; that of Weights & Biases does: `const run = await wandb.init({ project })`. */
interface RunLogger {
  log(values: Record<string, number>): void;
}

/** Stands for the client here: writes what it gets into a file. */
const logger: RunLogger = {
  log: (values) => appendFileSync(join(out, "logged.jsonl"), `${JSON.stringify(values)}\n`),
};

function logTo(logger: RunLogger, event: TrainingEvent): void {
  if (event.type === "metrics") {
    const { step, lossNats, klNats, gradientNorm, learningRate } = event.line;
    logger.log({ step, lossNats, klNats, gradientNorm, learningRate });
  }
  if (event.type === "validation" && event.line.split === "validation") {
    logger.log({ step: event.line.step, boundBitsPerDim: event.line.bitsPerDim });
  }
}

const config = resolvePreset("emoji32-small");
const { resolution } = config.model;
const data = await openData("emoji", { resolution });
const toTensorBoard = tensorBoardListener(join(out, "tensorboard"), resolution, console.warn);

const { step } = await train({
  ...{ config, data, out, limit: { steps: Number(steps) } },
  onEvent: async (event) => {
    logTo(logger, event);
    await toTensorBoard(event);
  },
});
console.log(`${step} steps logged in ${out}`);
