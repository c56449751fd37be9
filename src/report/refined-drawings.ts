/** @file What a run's refinement draws, for its report: every class from one noise, more and more guidance, ways between pictures. */
import { type ShownSettings, shownSettings } from "../experiments/calibration/shown-settings.js";
import { imageGrid, imageRows } from "../inference/picture-grid.js";
import { Sampler, type Samples } from "../inference/sampling/sampler.js";
import type { TrainedModel } from "../inference/trained-model.js";
import { interpolateLatents } from "../latents/interpolate.js";
import { labelsOfSamples } from "../latents/labels.js";
import { concatenateLatents, type Latents, latentsAt, latentsOfSamples } from "../latents/latents.js";
import { groups } from "../model/index.js";
import { openRefinement } from "../refinement/refinement.js";
import { runPaths } from "../training/run/run-folder.js";
import type { Picture } from "./page.js";
import type { DrawingOptions } from "./run-drawings.js";

/** Weights that are compared, a row each. */
const WEIGHTS = [0, 1, 2, 3, 5];
/** Images in a row, and in the whole of a grid of samples. */
const COLUMNS = 8;
const SAMPLES = 64;
/** Noises in the picture of all classes, and most classes that it has room for. */
const NOISES = 6;
const MOST_CLASSES = 40;
/** Images in a row of those that compare weights, and of a way; ways shown. */
const COMPARED = 12;
const WAY = 12;
const WAYS = 4;

/** Temperatures for people: one where all are alike. */
function temperatureText({ temperature, isCalibrated }: ShownSettings, model: TrainedModel): string {
  const resolutions = new Set(groups(model.config.model).map(({ resolution }) => resolution));
  const values = new Set(temperature.map((each) => each.temperature));
  const alike = temperature.length === 0 || (temperature.length === resolutions.size && values.size === 1);
  const words = alike
    ? String([...values][0] ?? 1)
    : temperature.map((each) => `${each.temperature} at ${each.resolution}×${each.resolution}`).join(", ");
  return `${isCalibrated ? "calibrated: " : ""}temperature ${words}`;
}

/**
 * Draws what a report shows of a refinement.
 *
 * @param folder - where `refine` left it
 * @throws UserError when it is damaged, or one of other weights; the signal's reason when aborted
 */
export async function drawRefined(
  model: TrainedModel,
  folder: string,
  { runtime, seed = 0, signal }: DrawingOptions,
): Promise<Picture[]> {
  const { classes } = model.config.model;
  const refinement = await openRefinement(model, folder);
  const shown = await shownSettings(model, refinement, runPaths(folder).calibration);
  await using sampler = new Sampler(model, { refinement, batch: COMPARED, runtime });
  const noiseOf = (samples: readonly number[]) =>
    latentsOfSamples(model.config.model, samples, { seed, temperature: shown.temperature });
  const labelsOf = (samples: readonly number[]) => labelsOfSamples(model.data, classes, samples, seed);
  const draw = (weight: number, latents: Latents, labels: Int32Array): Promise<Samples> => {
    const count = latents[0].length / noiseOf([0])[0].length;
    return sampler.sample({ count, latents, signal, ...(classes > 0 ? { labels, refineGuidance: weight } : {}) });
  };
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
  const told = `${temperatureText(shown, model)}${classes > 0 ? `, guidance ${shown.guidance}` : ""}`;

  const samples = async (): Promise<Picture> => ({
    title: "Refined samples",
    caption: `${SAMPLES} images, ${told}; none of them chosen`,
    png: await imageGrid(await draw(shown.guidance, noiseOf(numbers(SAMPLES)), labelsOf(numbers(SAMPLES))), COLUMNS),
  });

  const everyClass = async (): Promise<Picture> => {
    const columns = Math.min(classes, MOST_CLASSES);
    const places = numbers(NOISES * columns);
    const latents = noiseOf(places.map((place) => Math.floor(place / columns)));
    const labels = Int32Array.from(places, (place) => place % columns);
    return {
      title: "One noise a row, a class each column",
      caption: `The label says what is drawn, the noise how (${told}).`,
      png: await imageGrid(await draw(shown.guidance, latents, labels), columns),
    };
  };

  const moreGuidance = async (): Promise<Picture> => {
    const [latents, labels] = [noiseOf(numbers(COMPARED)), labelsOf(numbers(COMPARED))];
    const rows: Samples[] = [];
    for (const weight of WEIGHTS) rows.push(await draw(weight, latents, labels));
    const images = Buffer.concat(rows.map((row) => row.images));
    const { resolution } = rows[0];
    return {
      title: "The same noise with more and more guidance",
      caption: "One image a column. Guidance makes a picture look more like its label; too much makes all look alike.",
      png: await imageGrid({ images, count: WEIGHTS.length * COMPARED, resolution }, COMPARED, {
        rowLabels: WEIGHTS.map((weight) => `w = ${weight}`),
      }),
    };
  };

  const ways = async (): Promise<Picture> => {
    const ends = noiseOf(numbers(2 * WAYS));
    const end = (index: number) => latentsAt(ends, index, 2 * WAYS);
    const latents = concatenateLatents(
      numbers(WAYS).map((way) => interpolateLatents(end(2 * way), end(2 * way + 1), WAY)),
    );
    const labels = Int32Array.from(numbers(WAYS * WAY), (place) => labelsOf([Math.floor(place / WAY)])[0]);
    const drawn = await draw(shown.guidance, latents, labels);
    return {
      title: "From one picture to another",
      caption: `Equal steps along the noise between two samples${classes > 0 ? " of a class" : ""} (${told}).`,
      png: await imageRows(
        drawn,
        numbers(WAYS).map((way) => numbers(WAY).map((step) => way * WAY + step)),
      ),
    };
  };

  return classes > 0
    ? [await everyClass(), await samples(), await moreGuidance(), await ways()]
    : [await samples(), await ways()];
}
