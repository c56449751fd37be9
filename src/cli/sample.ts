/** @file `strata sample`: images from the prior of a trained model. */
import { Sampler } from "../generation/sampler.js";
import { wholeNumber } from "./arguments.js";
import { type Context, createCommand, withContext } from "./command.js";
import { formatCount, formatDuration } from "./format.js";
import { addHierarchyOptions, type HierarchyOptions, hierarchyRows } from "./hierarchy-options.js";
import { createRuntime } from "./runtime.js";
import { addSamplingOptions, openModel, type SamplingOptions, sampleOptions } from "./sampling-options.js";
import { outputKind, saveSamples } from "./save-samples.js";

interface Options extends SamplingOptions, HierarchyOptions {
  count: number;
  out: string;
}

export const sampleCommand = addHierarchyOptions(
  addSamplingOptions(
    createCommand(
      "sample",
      "draw new images from a trained model",
      "strata sample --run runs/emoji --count 64 --out samples.png",
    ),
  ),
)
  .requiredOption("--count <n>", "number of images; with --interpolate and --vary, of each row", wholeNumber(1))
  .requiredOption("--out <path>", "FILE.png for a grid, FILE.npz for arrays, FOLDER/ for PNG files")
  .action(withContext(runSample));

async function runSample(context: Context, options: Options): Promise<void> {
  const { out, batch } = options;
  outputKind(out); // refused before the work, not after it
  const model = await openModel(options, context);
  const asked = sampleOptions(options, options.count, model, context);
  const runtime = await createRuntime(context);
  try {
    const rows = await hierarchyRows(options, model, context, runtime);
    const sampler = await Sampler.create(model, { batch, runtime });
    try {
      const startMs = performance.now();
      const onProgress = (done: number, count: number) => context.progress.update(`${done} of ${count} images`);
      const samples = await sampler.sample({ ...asked, ...rows?.sampling, signal: context.signal, onProgress });
      const seconds = (performance.now() - startMs) / 1000;
      await saveSamples(samples, samples.labels, out, rows?.grid);
      if (samples.clamped > 0)
        context.progress.note(`guidance would have made ${samples.clamped} values too large; they were clamped`);
      const { count, clamped } = samples;
      context.result(
        { out, count, step: model.step, device: runtime.device, seconds, clamped },
        `${formatCount(count)} images in ${formatDuration(seconds)}: ${out}`,
      );
    } finally {
      await sampler.dispose();
    }
  } finally {
    await runtime.dispose();
  }
}
