/**
 * @file The card of a model: what it is, what it learnt from, how good it is, how to use it, and what it cannot do. Markdown
 * with the metadata that hubs read (https://huggingface.co/docs/hub/model-cards).
 */
import type { Config } from "../config/index.js";
import type { DataSummary } from "../inference/trained-model.js";
import { formatCount, formatDuration, formatFixed, formatSignificant } from "../number-format.js";
import { SIGNATURE, usage } from "./card-usage.js";
import type { Measure } from "./evaluations.js";

/** A picture beside the card. */
export interface CardPicture {
  path: string;
  caption: string;
}

/** What a card says. */
export interface CardFacts {
  title: string;
  /** An identifier of the hub's list, such as `mit`. */
  license: string;
  /** The run as a reader names it: `hf:OWNER/NAME`. */
  run: string;
  config: Config;
  parameters: number;
  /** With a name that may be shared. */
  data: DataSummary;
  /** Images that training held out; undefined where it is not known. */
  heldOut?: number;
  step: number;
  /** Images seen. */
  images: number;
  /** Where it was trained, and for how long; undefined where that is not known. */
  trained?: { seconds: number; device: string; version: string };
  /** Bounds on the likelihood that training measured at that step. */
  bounds: { split: "validation" | "train"; count: number; bitsPerDim: number; psnrDb: number }[];
  measures: readonly Measure[];
  pictures: readonly CardPicture[];
  /** What else the run brings. */
  calibrated: boolean;
  refined: boolean;
  refinedCalibrated: boolean;
  /** Names of second models of the pixels. */
  heads: readonly string[];
  /** Formats beside the run: `onnx`. */
  formats: readonly string[];
}

/** The card, as Markdown. */
export function modelCard(facts: CardFacts): string {
  const sections = [
    introduction(facts),
    pictureSection(facts),
    dataSection(facts),
    measureSection(facts),
    usage(facts),
    limitSection(facts),
  ];
  return `${metadata(facts)}\n${sections.filter((section) => section !== "").join("\n\n")}\n\n${SIGNATURE}.\n`;
}

/** A text of others' as it is, in Markdown: nothing in it means anything. */
export const inline = (text: string): string =>
  text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").replace(/[\\`*_[\]<>|#~&$]/g, (character) => `\\${character}`);

/** JSON's strings are YAML's too. */
const quoted = (text: string): string => JSON.stringify(text);

function metadata({ title, license, data, bounds, measures, config }: CardFacts): string {
  const hub = /^hf:([\w.-]+\/[\w.-]+)/.exec(data.name)?.[1];
  const task = config.model.superResolution ? "image-to-image" : "unconditional-image-generation";
  const heldOut = bounds.find(({ split }) => split === "validation");
  const own = heldOut && {
    type: "bits-per-dimension",
    name: "bound on held-out images (bits per dimension)",
    value: heldOut.bitsPerDim,
    data: data.name,
  };
  const results = [...(own ? [own] : []), ...measures];
  const lines = [
    "---",
    `license: ${license}`,
    "library_name: strata-vae",
    `pipeline_tag: ${task}`,
    "tags:",
    ...["image-generation", "vae", "hierarchical-vae"].map((tag) => `  - ${tag}`),
    ...(hub === undefined ? [] : ["datasets:", `  - ${hub}`]),
    ...(results.length === 0 ? [] : ["model-index:", `  - name: ${quoted(title)}`, "    results:"]),
    ...results.flatMap(({ type, name, value, data: on }) => [
      "      - task:",
      `          type: ${task}`,
      "        dataset:",
      `          type: ${quoted(on)}`,
      `          name: ${quoted(on)}`,
      "        metrics:",
      `          - type: ${quoted(type)}`,
      `            name: ${quoted(name)}`,
      `            value: ${value}`,
    ]),
    "---",
    "",
  ];
  return lines.join("\n");
}

function introduction({ title, config, parameters, data, step, images, trained }: CardFacts): string {
  const { resolution, classes, superResolution, levels } = config.model;
  const kind = superResolution
    ? `enlarges images of ${levels[0].resolution}×${levels[0].resolution} to ${resolution}×${resolution}`
    : `draws images of ${resolution}×${resolution}`;
  const groups = levels.reduce((sum, level) => sum + level.stochasticLayers, 0);
  const told = trained
    ? ` in ${formatDuration(trained.seconds)} on ${inline(trained.device)} by Strata ${inline(trained.version)}`
    : "";
  return [
    `# ${inline(title)}`,
    "",
    `A hierarchical VAE that ${kind}${classes > 0 ? `, of ${formatCount(classes)} classes` : ""}: ` +
      `${formatCount(parameters)} parameters, ${formatCount(groups)} latent groups, preset \`${config.preset}\`. ` +
      `It was trained for ${formatCount(step)} steps, ${formatCount(images)} images of ${inline(data.name)}${told}. ` +
      "The model and its training follow [arXiv 2210.10205](https://arxiv.org/abs/2210.10205).",
  ].join("\n");
}

function pictureSection({ pictures }: CardFacts): string {
  return pictures
    .map(({ path, caption }) => `![${inline(caption)}](${encodeURI(path)})\n\n*${inline(caption)}*`)
    .join("\n\n");
}

/** Classes that a card names. */
const NAMED = 40;

function dataSection({ data, heldOut, config, license }: CardFacts): string {
  const { flips } = config.training;
  const lines = [
    `- source: ${inline(data.name)}`,
    ...(data.count > 0
      ? [`- ${formatCount(data.count)} images to train on${heldOut ? `, ${formatCount(heldOut)} held out` : ""}`]
      : []),
    `- resized to ${config.model.resolution}×${config.model.resolution}${flips && data.mirrorable !== false ? ", mirrored at random" : ""}`,
    ...(data.classes.length > 0 ? [`- classes: ${classList(data)}`] : []),
    `- licence of the model: ${license}. That of the images is for those who share it to see.`,
  ];
  return `## Data\n\n${lines.join("\n")}`;
}

function classList({ classes, classCounts }: DataSummary): string {
  const named = classes.slice(0, NAMED).map((name, label) => {
    const count = classCounts[label];
    return count === undefined ? inline(name) : `${inline(name)} (${formatCount(count)})`;
  });
  const more = classes.length - named.length;
  return `${named.join(", ")}${more > 0 ? ` and ${formatCount(more)} more` : ""}`;
}

function measureSection({ bounds, measures, data, step }: CardFacts): string {
  const ofTraining = bounds.map(({ split, count, bitsPerDim, psnrDb }) => [
    split === "validation" ? "bound on held-out images (bits per dimension)" : "the same on training images",
    formatFixed(bitsPerDim, 3),
    data.name,
    `${formatCount(count)} images, averaged weights of step ${formatCount(step)}; reconstructions at ${formatFixed(psnrDb, 1)} dB`,
  ]);
  const measured = measures.map(({ name, value, standardError, data: on, settings }) => [
    name,
    standardError === undefined
      ? formatSignificant(value, 4)
      : `${formatFixed(value, 3)} ± ${formatFixed(standardError, 3)}`,
    on,
    settings,
  ]);
  const rows = [...ofTraining, ...measured];
  if (rows.length === 0) return "## Measures\n\nNone were taken.";
  const line = (cells: readonly string[]) => `| ${cells.map(inline).join(" | ")} |`;
  return [
    "## Measures",
    "",
    "| measure | value | images | settings |",
    "| --- | --- | --- | --- |",
    ...rows.map(line),
  ].join("\n");
}

/** Sets below this size are often remembered in part. */
const SMALL_SET = 10_000;

function limitSection({ config, data, heldOut, bounds, measures }: CardFacts): string {
  const { resolution, classes } = config.model;
  const validation = bounds.find(({ split }) => split === "validation");
  const inception = measures.some(({ type }) => type === "fid");
  const limits = [
    `It draws what its training images show, as they show it, at ${resolution}×${resolution} alone. It knows no text${classes > 0 ? ", and no classes but its own" : " and no classes"}.`,
    ...(data.count > 0 && data.count < SMALL_SET
      ? [
          `It saw ${formatCount(data.count)} images, many times each: samples may be close to one of them. Compare before you publish some.`,
        ]
      : []),
    ...(heldOut === 0 || (heldOut === undefined && !validation)
      ? ["No images were held out: how well it does on images that it has not seen is not known."]
      : []),
    ...(inception ? [] : ["No FID by the Inception network is given: its samples compare with no published figure."]),
  ];
  return `## Limits\n\n${limits.map((limit) => `- ${limit}`).join("\n")}`;
}
