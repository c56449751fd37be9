/** @file `report.html`: one page that shows a run, complete in itself: pictures inline, no scripts, nothing loaded. */
import type { Config } from "../config/index.js";
import { writeFileAtomic } from "../io/files/atomic-file.js";
import { type Html, html } from "../io/markup.js";
import { formatCount } from "../number-format.js";
import { outputLayerOf } from "../objective/output-layers.js";
import type { MetricsLine } from "../training/run/metrics-log.js";
import { informationSection } from "./information-section.js";
import {
  commandList,
  listing,
  type NextCommand,
  type Picture,
  pictureFigures,
  recordTable,
  renderPage,
  settingPaths,
  smallChartFigure,
} from "./page.js";
import { summaryFigures } from "./summary.js";
import {
  boundChart,
  objectiveChart,
  type RunMetrics,
  rateDistortionChart,
  throughputChart,
  trainLines,
  validationLines,
} from "./training-charts.js";

/** All that a report shows, as plain data; figures and charts come from the metrics alone. Sections without content are left out. */
export interface ReportParts {
  title: string;
  /** A sentence or two below the title. */
  lead?: string;
  config: Config;
  /** The run's log, as `readMetrics` gives it. */
  metrics: MetricsLine[];
  /** Drawn by the run's refinement and its prior. */
  refined: Picture[];
  /** Drawn from the prior, say at several temperatures. */
  samples: Picture[];
  /** Originals above reconstructions. */
  reconstructions: Picture[];
  /** The picture after the first K groups. */
  formation: Picture[];
  /** More about the machine than the log says: name → value. */
  environment?: Record<string, string | number>;
  nextCommands: NextCommand[];
}

/**
 * Writes a report.
 *
 * @returns its path
 * @throws UserError when it cannot be written; RangeError when a picture is not a PNG file
 */
export async function writeReport(path: string, parts: ReportParts): Promise<string> {
  await writeFileAtomic(path, new TextEncoder().encode(renderReport(parts)));
  return path;
}

/** The page as text: the same for the same parts. */
export function renderReport(parts: ReportParts): string {
  const { title, lead, config, metrics } = parts;
  const run = { metrics, resolution: config.model.resolution };
  const header = html`${byline(metrics)}
${lead && html`<p class="lead">${lead}</p>`}`;
  const main = html`${figureList(metrics)}
${pictureSection(
  "New images, refined",
  "The refinement, a second stage, draws the first latent groups together; the model's own prior draws the others.",
  parts.refined,
)}
${pictureSection(
  "New images",
  config.model.superResolution
    ? "Small images, enlarged: the model draws the detail from its prior."
    : "Drawn from the prior alone.",
  parts.samples,
)}
${pictureSection(
  "Reconstructions",
  "An image is encoded into the latents and drawn again from them: what the latents keep.",
  parts.reconstructions,
)}
${pictureSection(
  "How an image forms",
  "From left to right more latent groups are drawn, lowest resolution first; those still to come stand at their mean.",
  parts.formation,
)}
${trainingSection(run, config)}
${informationSection(run)}
${configSection(config)}
${environmentSection(parts)}
${
  parts.nextCommands.length > 0 &&
  html`<section><h2>Commands to try next</h2>
${commandList(parts.nextCommands)}</section>`
}`;
  return renderPage(title, { header, main });
}

function byline(metrics: MetricsLine[]): Html | undefined {
  const first = metrics.find((line) => line.type === "run");
  if (!first) return undefined;
  const facts = [`Strata ${first.version}`, `preset ${first.preset}`, `data ${first.data}`, first.time.slice(0, 10)];
  return html`<p class="byline">${facts.join(" · ")}</p>`;
}

function figureList(metrics: MetricsLine[]): Html | undefined {
  const figures = summaryFigures(metrics);
  if (figures.length === 0) return undefined;
  return html`<dl class="figures">${figures.map(
    ({ name, value, meaning }) =>
      html`<div><dt>${name}</dt><dd class="value">${value}</dd><dd class="meaning">${meaning}</dd></div>`,
  )}</dl>`;
}

function pictureSection(heading: string, introduction: string, pictures: Picture[]): Html | undefined {
  if (pictures.length === 0) return undefined;
  return html`<section><h2>${heading}</h2>
<p>${introduction}</p>
${pictureFigures(pictures)}</section>`;
}

/** What the bound is, of which images, and what its two curves do and do not tell. */
function boundCaption(metrics: MetricsLine[]): string {
  const bound = "Upper bound on the negative log-likelihood of 8-bit images, nothing weighted, averaged weights";
  const heldOut = validationLines(metrics, "validation").at(-1);
  const train = validationLines(metrics, "train").at(-1);
  if (!heldOut) return `${bound}: ${formatCount(train?.count ?? 0)} training images. None were held out.`;
  return (
    `${bound}: ${formatCount(heldOut.count)} held-out images beside as many training images. They are different images, so ` +
    "either curve may lie lower. Overfitting shows where the training images go on to fall and the held-out ones no longer do."
  );
}

function trainingSection(run: RunMetrics, config: Config): Html | undefined {
  const figures = [
    {
      chart: objectiveChart(run),
      caption:
        `Training objective: distortion, ${config.objective.informationSchedule ? "the KL of every group weighted by the information schedule" : "KL"}, ` +
        "and the spectral term. It is what the updates minimise, and no bound.",
    },
    {
      chart: rateDistortionChart(run),
      caption: `Its parts, the KL unweighted: KL is what the latents cost, distortion what they miss. ${outputLayerOf(config.objective).text.distortion}`,
    },
    { chart: boundChart(run), caption: boundCaption(run.metrics) },
    { chart: throughputChart(run), caption: "Speed of training." },
  ].flatMap(({ chart, caption }) => (chart ? [smallChartFigure(chart, caption)] : []));
  if (figures.length === 0) return undefined;
  return html`<section><h2>Training</h2>
<div class="pairs">${figures}</div>
${brokenNote(run.metrics)}</section>`;
}

/** Says what gaps in the curves are. */
function brokenNote(metrics: MetricsLine[]): Html | undefined {
  const lines = trainLines(metrics);
  const broken = lines.filter(
    ({ lossNats, klNats, distortionNats }) => !Number.isFinite(lossNats + klNats + distortionNats),
  );
  if (broken.length === 0) return undefined;
  return html`<p class="note">${formatCount(broken.length)} of ${formatCount(lines.length)} lines of the log hold numbers that are not finite, the first at step ${formatCount(broken[0].step)}; the curves have gaps there.</p>`;
}

function configSection(config: Config): Html {
  const { levels, ...model } = config.model;
  return html`<section><h2>Configuration</h2>
<p>Every setting can be changed by its name, for example <code>training.batchSize=${config.training.batchSize}</code>.</p>
${recordTable(
  "model.levels, lowest resolution first",
  levels.map((level) => ({ ...level })),
)}
${listing(settingPaths({ ...config, model }))}
<details><summary>The same as config.json</summary><pre><code>${JSON.stringify(config, null, 2)}</code></pre></details></section>`;
}

function environmentSection({ metrics, environment = {} }: ReportParts): Html | undefined {
  const runs = metrics.filter((line) => line.type === "run");
  const last = runs.at(-1);
  const entries: [string, string | number][] = [];
  if (last) {
    const { version, node, device, devices, precision, threads } = last;
    entries.push(["Strata", version], ["Node.js", node]);
    entries.push(["device", devices ? `${device}: ${devices}` : device], ["threads", threads]);
    if (precision) entries.push(["precision", precision]);
    entries.push(["training images", formatCount(last.trainImages)]);
    entries.push(["held-out images", formatCount(last.validationImages)]);
    entries.push(["started", clock(runs[0].time)]);
    for (const { time, resumedFrom } of runs.slice(1))
      entries.push([`resumed from step ${formatCount(resumedFrom ?? 0)}`, clock(time)]);
  }
  entries.push(...Object.entries(environment));
  if (entries.length === 0) return undefined;
  return html`<section><h2>Environment</h2>
${listing(entries)}</section>`;
}

/** "2025-03-14T09:26:53.000Z" → "2025-03-14 09:26:53 UTC"; anything else as it is. */
function clock(time: string): string {
  return time.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/, "$1 $2 UTC");
}
