/** @file `strata import`: weights that other programs made, as a run folder. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Config } from "../../config/index.js";
import { UserError } from "../../errors.js";
import { parameterSpecs } from "../../inference/trained-model.js";
import { decodeText } from "../../io/files/text.js";
import { countParameters } from "../../model/index.js";
import { formatCount } from "../../number-format.js";
import { expectEmpty, saveModel } from "../../training/run/save-model.js";
import { readWeights } from "../../weights/read-weights.js";
import { programName } from "../advice.js";
import { type Context, createCommand, withContext } from "../options/command.js";
import { addConfigurationOptions, type ConfigurationOptions, resolveConfiguration } from "../options/configuration.js";
import { localFile } from "../options/hub.js";

interface Options extends ConfigurationOptions {
  out: string;
  classes?: string;
  tensors?: string[];
}

export const importCommand = addConfigurationOptions(
  createCommand(
    "import <file>",
    "turn weights into a run folder: the authors' PyTorch and JAX files, or safetensors",
    "strata import cifar10_ema_weights.pt --preset cifar10 --out runs/cifar10",
  ),
)
  .requiredOption("--out <run>", "run folder to make")
  .option(
    "--tensors <prefix...>",
    "prefix of the tensors to take, and a second one for their average (default: inferred from the names)",
  )
  .option("--classes <file>", "file of class names, one per line, in label order")
  .action(withContext(runImport));

async function runImport(context: Context, options: Options, file: string): Promise<void> {
  const { out } = options;
  const config = resolveConfiguration(options, context);
  expectEmpty(out);
  const classes = options.classes === undefined ? [] : readClasses(options.classes, config);
  const path = await localFile(file, context);
  const { format, counters, notes, ...weights } = await readWeights(path, config, { tensors: options.tensors });
  if (format === "JAX") context.progress.note(JAX_NOTICE);
  const data = { name: `imported from ${basename(file)}`, count: 0, classes, classCounts: [] };
  await saveModel(out, { config, data, counters }, weights);
  const imported = Object.keys(PARTS).filter((part) => part in weights) as (keyof typeof PARTS)[];
  const parameters = countParameters(parameterSpecs(config));
  const step = counters?.step ?? 0;
  context.result(
    { out, format, parameters, imported, step, notes },
    `${notes.join("\n")}\n${formatCount(parameters)} parameters from ${file} (${format}): ${imported.map((part) => PARTS[part]).join(", ")}. Saved in ${out}.\n` +
      `Samples: ${programName()} sample --run ${out} --count 64 --out samples.png`,
  );
}

const JAX_NOTICE =
  "JAX files are read as JAX 0.10 and Flax 0.12 write them of the authors' model; the files that the authors published have not yet been checked.";

/** What a file may hold, for people. */
const PARTS = {
  ema: "weights to use",
  parameters: "weights without averaging",
  moments: "state of the optimizer",
};

/** Names of the classes, one a line. */
function readClasses(path: string, { model }: Config): string[] {
  const refuse = (problem: string): never => {
    throw new UserError("unsupported-format", `Expected names of classes in ${path}, one a line, but ${problem}.`);
  };
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    return refuse(`it cannot be read (${(error as Error).message})`);
  }
  const names = decodeText(bytes, refuse)
    .replace(/(\r\n|\r|\n)$/, "")
    .split(/\r\n|\r|\n/);
  const repeated = names.find((name, index) => name.trim() === "" || names.indexOf(name) < index);
  if (repeated !== undefined) {
    throw new UserError(
      "invalid-values",
      `--classes ${path}: expected a name of its own for each class, got ${repeated.trim() === "" ? "an empty line" : `${repeated} twice`}.`,
    );
  }
  if (names.length === model.classes) return names;
  throw new UserError(
    "wrong-shape",
    `--classes ${path}: expected ${model.classes} lines, one for each class of the model, got ${names.length}.`,
  );
}
