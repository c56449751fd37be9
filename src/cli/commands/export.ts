/** @file `strata export`: a run's model for other programs. */
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { Option } from "commander";
import { UserError } from "../../errors.js";
import { parameterSpecs, type TrainedModel } from "../../inference/trained-model.js";
import { countParameters } from "../../model/index.js";
import { formatBytes, formatCount } from "../../number-format.js";
import { openRun } from "../../training/run/open-run.js";
import { type Naming, writeSafetensors, writeTorch } from "../../weights/write-weights.js";
import { type Context, createCommand, withContext } from "../options/command.js";
import { hubOptions } from "../options/hub.js";
import { checkFilePlace, checkFolderPlace, makeFolder } from "../options/output-place.js";
import { addWeightsOptions, type WeightsOptions } from "../options/sampling-options.js";

/** How each format is written, and the files that it makes. */
const formats = {
  safetensors: async (model: TrainedModel, out: string, names: Naming = "ours") => {
    await writeSafetensors(model, out, names);
    return { files: [out] };
  },
  torch: async (model: TrainedModel, out: string) => {
    await writeTorch(model, out);
    return { files: [out] };
  },
  onnx: async (model: TrainedModel, out: string) =>
    (await import("../../weights/onnx/export-onnx.js")).exportOnnx(model, out),
};

interface Options extends WeightsOptions {
  format: keyof typeof formats;
  out: string;
  names?: Naming;
}

export const exportCommand = addWeightsOptions(
  createCommand(
    "export <run>",
    "write a model's weights or ONNX files for other programs",
    "strata export runs/emoji --format torch --out emoji.pt",
  ),
)
  .addOption(new Option("--format <name>", "format to write").choices(Object.keys(formats)).makeOptionMandatory())
  .requiredOption("--out <path>", "file to write; for onnx, a folder")
  .addOption(
    new Option("--names <whose>", "tensor names in safetensors (default: ours; torch always has the authors')").choices(
      ["ours", "authors"],
    ),
  )
  .action(withContext(runExport));

async function runExport(context: Context, options: Options, run: string): Promise<void> {
  const { format, out, names } = options;
  if (names !== undefined && format !== "safetensors") {
    throw new UserError(
      "invalid-options",
      `--names ${names}: expected with --format safetensors alone, got --format ${format}. Leave it out.`,
    );
  }
  if (format === "onnx") checkFolderPlace(out);
  else checkFilePlace(out);
  const notes: string[] = [];
  const { weights, checkpoint } = options;
  const onNotice = (message: string) => {
    notes.push(message);
    context.progress.note(message);
  };
  const model = await openRun(run, { weights, checkpoint, flawed: true, hub: hubOptions(context), onNotice });
  makeFolder(dirname(out));
  const { files } = await formats[format](model, out, names);
  const parameters = countParameters(parameterSpecs(model.config));
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  context.result(
    { out, format, parameters, step: model.step, files, bytes, notes },
    `${formatCount(parameters)} parameters of step ${formatCount(model.step)}: ${files.join(", ")} (${formatBytes(bytes)})`,
  );
}
