/** @file `strata encode`: the latents of images as features for other programs. */
import { existsSync } from "node:fs";
import { dirname, extname } from "node:path";
import { Option } from "commander";
import { type Split, sourceNames } from "../../data/index.js";
import { UserError } from "../../errors.js";
import { featureFileEndings, writeLatentFeatures } from "../../experiments/latent-features.js";
import { findClass } from "../../inference/sampling/class-label.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import { formatCount } from "../../number-format.js";
import { wholeNumber } from "../options/arguments.js";
import { type Context, createCommand, createRuntime, withContext } from "../options/command.js";
import { addDataOptions, type ImageOptions, openImages } from "../options/images.js";
import { checkFilePlace, makeFolder } from "../options/output-place.js";
import { addModelOptions, type ModelOptions, openModel } from "../options/sampling-options.js";
import { workLine } from "../output/progress.js";

interface Options extends ModelOptions, ImageOptions {
  split: Split;
  groups?: number;
  dtype: "float16" | "float32";
  label?: string;
  out: string;
}

export const encodeCommand = addModelOptions(
  addDataOptions(
    createCommand(
      "encode",
      "write the latents of images as features: the posterior means of the first groups, as safetensors, npz or Parquet",
      "strata encode --run runs/emoji --data folder:photos --groups 8 --out photos.safetensors",
    ),
    { description: `images: ${sourceNames}`, required: true },
  ),
)
  .addOption(
    new Option("--split <name>", "split to take images from").choices(["train", "validation", "test"]).default("train"),
  )
  .option("--groups <k>", "write the first K latent groups (default: all)", wholeNumber(1))
  .addOption(new Option("--dtype <type>", "type of the features").choices(["float16", "float32"]).default("float32"))
  .option(
    "--label <which>",
    "class that a model with classes is told of every image, so that its features cannot hold the true one",
  )
  .requiredOption("--out <file>", "file to write, .safetensors, .npz or .parquet; run the same command to resume")
  .action(withContext(runEncode, { stopping: "stopping. Run the same command to resume." }));

async function runEncode(context: Context, options: Options): Promise<void> {
  const { out, split, groups, dtype, batch } = options;
  const { seed, signal, progress } = context;
  if (!featureFileEndings.includes(extname(out).toLowerCase())) {
    const endings = featureFileEndings.join(", ");
    throw new UserError("invalid-options", `--out ${out}: expected a file name that ends in ${endings}.`);
  }
  checkFilePlace(out);
  const model = await openModel(options, context);
  const label = classTold(model, options, context);
  const { [split]: images } = await openImages(options, model.config.model, context);
  if (images.count === 0) {
    throw new UserError("too-few-images", `--split ${split}: ${options.data} has no such images. Try --split train.`);
  }
  makeFolder(dirname(out));
  if (existsSync(out)) progress.note(`${out} is there already: it will be replaced.`);
  await using runtime = await createRuntime(context);
  const line = workLine({ unit: "images" });
  const written = await writeLatentFeatures(model, images, out, {
    ...{ groups, dtype, label, seed, batch, runtime, signal },
    onProgress: (done, count) => progress.update(line(done, count)),
  });
  const { count, resumedFrom } = written;
  const resumed = resumedFrom > 0 ? `, ${formatCount(resumedFrom)} of them before` : "";
  const size = written.groups.reduce((sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1), 0);
  context.result(
    { out, split, step: model.step, dtype, device: runtime.device, ...written },
    `Wrote ${formatCount(count)} images${resumed} as ${formatCount(size)} numbers each in ${written.groups.length} groups: ${out}`,
  );
}

/** The class that the encoder is told; what its features may hold where it is the true one is said. */
function classTold(model: TrainedModel, { label }: Options, { progress }: Context): number | undefined {
  if (label !== undefined) {
    const found = findClass(label, model);
    if (found.notice) progress.note(found.notice);
    return found.label;
  }
  if (model.config.model.classes > 0) {
    progress.note(
      "This model is told the class of each image when it encodes it, so its features may hold the class itself. " +
        "To probe them for it, say --label with one class for all.",
    );
  }
  return undefined;
}
