/** @file `strata reconstruct`: originals above what a model makes of them. */
import { dirname, extname } from "node:path";
import { Option } from "commander";
import { type Split, takeFirst } from "../../data/index.js";
import { UserError } from "../../errors.js";
import { reconstructionGrid } from "../../inference/picture-grid.js";
import { reconstruct } from "../../inference/sampling/reconstruct.js";
import { writeFileAtomic } from "../../io/files/atomic-file.js";
import { imageCount, numberAbove, wholeNumber } from "../options/arguments.js";
import { type Context, createCommand, createRuntime, withContext } from "../options/command.js";
import { addDataOptions, type ImageOptions, openImages } from "../options/images.js";
import { checkFilePlace, makeFolder } from "../options/output-place.js";
import { addModelOptions, type ModelOptions, openModel } from "../options/sampling-options.js";
import { workLine } from "../output/progress.js";

interface Options extends ModelOptions, ImageOptions {
  split: Split;
  count: number;
  out: string;
  groups?: number;
  rate?: number;
}

/** Images where nothing is said. */
const COUNT = 16;
/** Pairs of images in one row of the grid. */
const COLUMNS = 8;

export const reconstructCommand = addModelOptions(
  addDataOptions(
    createCommand(
      "reconstruct",
      "show images above their reconstructions",
      "strata reconstruct --run runs/emoji --data emoji --count 16 --out reconstructions.png",
    ),
    { required: true },
  ),
)
  .addOption(
    new Option("--split <name>", "split to take images from")
      .choices(["train", "validation", "test"])
      .default("validation"),
  )
  .option("--count <n>", "number of images", imageCount(1), COUNT)
  .requiredOption("--out <file.png>", "PNG file to write")
  .addOption(
    new Option("--rate <bpd>", "keep as many groups of each image as fit this rate, in bits per dimension")
      .argParser(numberAbove(0, { inclusive: true }))
      .conflicts("groups"),
  )
  .option("--groups <k>", "keep the first K latent groups of each image and draw the rest anew", wholeNumber(0))
  .action(withContext(runReconstruct));

async function runReconstruct(context: Context, options: Options): Promise<void> {
  const { out, groups, rate: rateBitsPerDim, batch, split } = options;
  if (extname(out).toLowerCase() !== ".png")
    throw new UserError("invalid-options", `--out ${out}: expected a file name that ends in .png.`);
  checkFilePlace(out);
  const { seed, signal, progress } = context;
  const model = await openModel(options, context);
  const { [split]: images } = await openImages(options, model.config.model, context);
  if (images.count === 0)
    throw new UserError("too-few-images", `--split ${split}: ${options.data} has no such images. Try --split train.`);
  const originals = takeFirst(images, options.count);
  const { count } = originals;
  await using runtime = await createRuntime(context);
  const line = workLine({ unit: "images" });
  const onProgress = (done: number) => progress.update(line(done, count));
  const again = await reconstruct(model, originals, {
    groups,
    rateBitsPerDim,
    seed,
    batch,
    runtime,
    signal,
    onProgress,
  });
  makeFolder(dirname(out));
  await writeFileAtomic(out, await reconstructionGrid(originals, again, COLUMNS));
  context.result(
    { out, count, step: model.step, device: runtime.device },
    `${count} ${split} images above their reconstructions: ${out}`,
  );
}
