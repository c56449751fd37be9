/** @file `strata export`: a run's model for other programs. */
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { Option } from "commander";
import { UserError } from "../../errors.js";
import { parameterSpecs, type TrainedModel } from "../../inference/trained-model.js";
import { countParameters } from "../../model/index.js";
import { formatBytes, formatCount } from "../../number-format.js";
import { findRefinement } from "../../refinement/refinement.js";
import { webFacts } from "../../sharing/web-facts.js";
import { openRun } from "../../training/run/open-run.js";
import { type Naming, writeSafetensors, writeTorch } from "../../weights/write-weights.js";
import { type Context, createCommand, withContext } from "../options/command.js";
import { hubOptions } from "../options/hub.js";
import { checkFilePlace, checkFolderPlace, makeFolder } from "../options/output-place.js";
import { addWeightsOptions, type WeightsOptions } from "../options/sampling-options.js";

interface Options extends WeightsOptions {
  format: keyof typeof formats;
  out: string;
  names?: Naming;
  dtype?: "float16" | "float32";
  page: boolean;
  superres?: string;
}

/** How each format is written, and the files that it makes. */
const formats = {
  safetensors: async (model: TrainedModel, { out, names = "ours" }: Options) => {
    await writeSafetensors(model, out, names);
    return { files: [out] };
  },
  torch: async (model: TrainedModel, { out }: Options) => {
    await writeTorch(model, out);
    return { files: [out] };
  },
  onnx: async (model: TrainedModel, { out }: Options, run: string, onNotice: OnNotice) => {
    const { exportOnnx } = await import("../../weights/onnx/export-onnx.js");
    return exportOnnx(model, out, { refinement: await findRefinement(model, run, { onNotice }) });
  },
  web: async (model: TrainedModel, options: Options, run: string, onNotice: OnNotice, hub: Hub) => {
    const { out, dtype, page, superres, weights } = options;
    const { exportWeb } = await import("../../weights/web/export-web.js");
    const facts = await webFacts(model, run, onNotice);
    const enlarger =
      superres === undefined
        ? undefined
        : { model: await openRun(superres, { weights, hub, onNotice }), run: superres };
    return exportWeb(model, out, { ...facts, dtype, run, enlarger, ...(page ? {} : { page }) });
  },
};

type Hub = ReturnType<typeof hubOptions>;

/** Hears what there is to tell, as a sentence. */
type OnNotice = (message: string) => void;

export const exportCommand = addWeightsOptions(
  createCommand(
    "export <run>",
    "write a model for other programs or for browsers",
    "strata export runs/emoji --format torch --out emoji.pt",
  ),
)
  .addOption(new Option("--format <name>", "format to write").choices(Object.keys(formats)).makeOptionMandatory())
  .requiredOption("--out <path>", "file to write; for onnx and web, a folder")
  .addOption(
    new Option("--names <whose>", "tensor names in safetensors (default: ours; torch always has the authors')").choices(
      ["ours", "authors"],
    ),
  )
  .addOption(
    new Option("--dtype <type>", "how web stores weights (default: float16, half the download)").choices([
      "float16",
      "float32",
    ]),
  )
  .option("--superres <run>", "for web: super-resolution model that enlarges its pictures")
  .option("--no-page", "for web: only what strata-vae/web loads, without the page to play with it")
  .action(withContext(runExport));

async function runExport(context: Context, options: Options, run: string): Promise<void> {
  const { format, out, names, dtype, page, superres } = options;
  if (names !== undefined && format !== "safetensors") {
    throw new UserError(
      "invalid-options",
      `--names ${names}: expected with --format safetensors alone, got --format ${format}. Leave it out.`,
    );
  }
  if (dtype !== undefined && format !== "web") {
    throw new UserError(
      "invalid-options",
      `--dtype ${dtype}: expected with --format web alone, got --format ${format}. Leave it out.`,
    );
  }
  if (superres !== undefined && format !== "web") {
    throw new UserError(
      "invalid-options",
      `--superres ${superres}: expected with --format web alone, got --format ${format}. Export that model on its own.`,
    );
  }
  if (!page && format !== "web") {
    throw new UserError(
      "invalid-options",
      `--no-page: expected with --format web alone, got --format ${format}. Leave it out.`,
    );
  }
  if (format === "onnx" || format === "web") checkFolderPlace(out);
  else checkFilePlace(out);
  const notes: string[] = [];
  const { weights, checkpoint } = options;
  const onNotice = (message: string) => {
    notes.push(message);
    context.progress.note(message);
  };
  const hub = hubOptions(context);
  const model = await openRun(run, { weights, checkpoint, flawed: format !== "web", hub, onNotice });
  makeFolder(dirname(out));
  const { files } = await formats[format](model, options, run, onNotice, hub);
  const parameters = countParameters(parameterSpecs(model.config));
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  context.result(
    { out, format, parameters, step: model.step, files, bytes, notes },
    `${formatCount(parameters)} parameters of step ${formatCount(model.step)}: ${format === "web" ? out : files.join(", ")} (${formatBytes(bytes)})`,
  );
}
