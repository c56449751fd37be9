/** @file What is on screen as a command, as a program of Node's and as one of a web page, to be copied. */
import type { ModelSummary } from "./backend.js";
import { refinedWeight, sceneKind } from "./scene.js";
import type { Settings } from "./settings.js";

/** Names of the files that were dropped. */
export interface FileNames {
  origin?: string;
  end?: string;
}

/** A word that a shell takes as it is. */
const shell = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

const weights = ({ mean, variance }: Settings["guidance"]): string => `${mean},${variance}`;

/** Temperatures that are not 1, coarse first. */
const heat = ({ temperature }: Settings): (readonly [resolution: number, value: number])[] =>
  Object.entries(temperature)
    .map(([resolution, value]) => [Number(resolution), value] as const)
    .filter(([, value]) => value !== 1)
    .sort(([a], [b]) => a - b);

const isGuided = (settings: Settings, model: ModelSummary): boolean => {
  const { guidance, label } = settings;
  const { length } = model.classes;
  return (
    (guidance.mean !== 0 || guidance.variance !== 0) &&
    length > 0 &&
    label !== length &&
    refinedWeight(settings, model) === undefined
  );
};

/** The command line that draws what is on screen. */
export function commandOf(settings: Settings, model: ModelSummary, files: FileNames): string {
  const { seed, label, side, origin, end, keep, enlarger } = settings;
  const kind = sceneKind(settings);
  const count = side ** 2;
  const place = (each: Settings["origin"], file = "image.png") =>
    each === "image" ? shell(file) : each!.seed === seed ? String(each!.sample) : `${each!.seed}:${each!.sample}`;
  const larger = model.enlargers.find(({ id }) => id === enlarger);
  const refined = refinedWeight(settings, model);
  const words = [
    `strata sample --run ${shell(model.run)} --seed ${seed} --count ${count}`,
    ...(label === null ? [] : [`--label ${shell(label < model.classes.length ? model.classes[label] : "none")}`]),
    ...(kind === "variations" ? [`--vary ${place(origin, files.origin)} --groups ${keep}`] : []),
    ...(kind === "path"
      ? [`--interpolate ${place(origin, files.origin)} ${place(end, files.end)} --groups ${keep}`]
      : []),
    ...(isGuided(settings, model) ? [`--guidance ${weights(settings.guidance)}`] : []),
    ...(refined === undefined ? [] : [`--refined${refined === 0 ? "" : ` --refine-guidance ${refined}`}`]),
    ...(heat(settings).length > 0
      ? [
          `--temperature ${heat(settings)
            .map(([resolution, value]) => `${resolution}:${value}`)
            .join(" ")}`,
        ]
      : []),
    ...(larger ? [`--superres ${shell(larger.run)}`] : []),
    "--out samples.png",
  ];
  return words.join(" \\\n  ");
}

/**
 * A program that draws what is on screen.
 *
 * @param labels - of the pictures
 */
export function programOf(
  settings: Settings,
  model: ModelSummary,
  files: FileNames,
  labels: readonly (number | undefined)[],
): string {
  const { seed, label, side, origin, end, keep, enlarger } = settings;
  const kind = sceneKind(settings);
  const count = side ** 2;
  const hasImage = origin === "image" || end === "image";
  const larger = model.enlargers.find(({ id }) => id === enlarger);
  const refined = refinedWeight(settings, model);
  const root = [
    ...(larger ? ["Cascade"] : []),
    "imageGrid",
    ...(hasImage ? ["latentsOf", "readImageFile"] : []),
    ...(refined === undefined ? [] : ["openRefinement"]),
    "openRun",
    "Sampler",
  ];
  const own = refined === undefined ? "new Sampler(model)" : "new Sampler(model, { refinement })";
  const hasSample = [origin, end].some((each) => each !== null && each !== "image");
  const latent = [
    ...(kind === "variations" ? ["concatenateLatents"] : []),
    ...(kind === "path" ? ["interpolateLatents"] : []),
    ...(hasSample ? ["latentsOfSamples"] : []),
    ...(kind === "variations" ? ["varyLatents"] : []),
  ];
  const temperature = temperatureText(settings);
  const classes = model.classes.length;
  const place = (name: string, each: Settings["origin"], file = "image.png"): string[] => {
    if (each === null) return [];
    if (each !== "image") {
      const options = `{ seed: ${each.seed}${temperature ? ", temperature" : ""} }`;
      return [`const ${name} = latentsOfSamples(model.config.model, [${each.sample}], ${options});`];
    }
    const { resolution } = model;
    return [
      `const ${name} = await latentsOf(`,
      "  model,",
      `  { images: await readImageFile(${JSON.stringify(file)}, ${resolution}), count: 1, resolution: ${resolution}${classes > 0 ? `, labels: Int32Array.of(${label ?? 0})` : ""} },`,
      `  { seed: ${seed} },`,
      ");",
    ];
  };
  const redrawn = `{ groups: ${keep}, count: ${count - 1}, seed: ${seed}${temperature ? ", temperature" : ""} }`;
  const asked = [
    `count: ${count}`,
    `seed: ${seed}`,
    ...(temperature && kind === "samples" ? ["temperature"] : []),
    ...(label === null && kind === "samples" ? [] : labelsText(labels)),
    ...(isGuided(settings, model)
      ? [`guidance: { mean: ${settings.guidance.mean}, variance: ${settings.guidance.variance} }`]
      : []),
    ...(kind === "samples" ? [] : ["latents", ...(larger ? [samplesText(origin, count)] : [])]),
  ];
  return [
    `import { ${root.join(", ")} } from "strata-vae";`,
    ...(latent.length > 0 ? [`import { ${latent.join(", ")} } from "strata-vae/latents";`] : []),
    `import { writeFile } from "node:fs/promises";`,
    "",
    `const model = await openRun(${JSON.stringify(model.run)});`,
    ...(refined === undefined
      ? []
      : [
          `const refinement = await openRefinement(model, ${JSON.stringify(model.run)}${refined === 0 ? "" : `, { guidance: ${refined} }`});`,
        ]),
    larger
      ? `await using sampler = new Cascade(${own}, new Sampler(await openRun(${JSON.stringify(larger.run)})));`
      : `await using sampler = ${own};`,
    ...(temperature ? [`const temperature = ${temperature};`] : []),
    ...place("picture", origin, files.origin),
    ...place("other", end, files.end),
    ...(kind === "variations"
      ? [`const latents = concatenateLatents([picture, varyLatents(model.config.model, picture, ${redrawn})]);`]
      : []),
    ...(kind === "path" ? [`const latents = interpolateLatents(picture, other, ${count}, ${keep});`] : []),
    `const samples = await sampler.sample({ ${asked.join(", ")} });`,
    `await writeFile("samples.png", await imageGrid(samples, ${side}));`,
  ].join("\n");
}

/**
 * A program of a web page that draws what is on screen, from the model as `strata export --format web` writes it.
 *
 * @param labels - of the pictures
 */
export function webProgramOf(
  settings: Settings,
  model: ModelSummary,
  files: FileNames,
  labels: readonly (number | undefined)[],
): string {
  const { seed, label, side, origin, end, keep, enlarger } = settings;
  const kind = sceneKind(settings);
  const count = side ** 2;
  const ends = [origin, end];
  const larger = model.enlargers.find(({ id }) => id === enlarger);
  const refined = refinedWeight(settings, model);
  const temperature = temperatureText(settings);
  const imported = [
    ...(kind === "variations" ? ["concatenateLatents"] : []),
    ...(ends.includes("image") ? ["fromPicture"] : []),
    ...(kind === "path" ? ["interpolateLatents"] : []),
    ...(ends.some((each) => each !== null && each !== "image") ? ["latentsOfSamples"] : []),
    ...[larger ? "loadCascade" : "load", "toImageData"],
    ...(kind === "variations" ? ["varyLatents"] : []),
  ];
  const place = (name: string, each: Settings["origin"], file = "image.png"): string[] => {
    if (each === null) return [];
    if (each !== "image") {
      const options = `{ seed: ${each.seed}${temperature ? ", temperature" : ""} }`;
      return [`const ${name} = latentsOfSamples(model.config, [${each.sample}], ${options});`];
    }
    const own = model.classes.length > 0 ? `labels: Int32Array.of(${label ?? 0}), ` : "";
    return [
      `const ${name}File = await (await fetch(${JSON.stringify(file)})).blob();`,
      `const ${name}Pixels = await fromPicture(${name}File, model.config.resolution);`,
      `const { latents: ${name} } = await model.encode(${name}Pixels, { ${own}seed: ${seed} });`,
    ];
  };
  const redrawn = `{ groups: ${keep}, count: ${count - 1}, seed: ${seed}${temperature ? ", temperature" : ""} }`;
  const drawing = [
    ...(label === null && kind === "samples" ? [] : labelsText(labels)),
    ...(isGuided(settings, model)
      ? [`guidance: { mean: ${settings.guidance.mean}, variance: ${settings.guidance.variance} }`]
      : []),
    ...(refined === undefined ? [] : ["refined: true"]),
    ...(refined ? [`refineGuidance: ${refined}`] : []),
  ];
  const samples = [`count: ${count}`, `seed: ${seed}`, ...(temperature ? ["temperature"] : []), ...drawing];
  const sampler = larger ? "cascade" : "model";
  return [
    `import { ${imported.join(", ")} } from "strata-vae/web";`,
    "",
    `// strata export ${shell(model.run)} --format web${larger ? ` --superres ${shell(larger.run)}` : ""} --no-page --out model`,
    ...(larger
      ? ['const cascade = await loadCascade("model/");', "const model = cascade.base;"]
      : ['const model = await load("model/");']),
    ...(temperature ? [`const temperature = ${temperature};`] : []),
    ...place("picture", origin, files.origin),
    ...place("other", end, files.end),
    ...(kind === "variations"
      ? [`const latents = concatenateLatents([picture, varyLatents(model.config, picture, ${redrawn})]);`]
      : []),
    ...(kind === "path" ? [`const latents = interpolateLatents(picture, other, ${count}, ${keep});`] : []),
    kind === "samples"
      ? `const samples = await ${sampler}.sample({ ${samples.join(", ")} });`
      : larger
        ? `const samples = await cascade.sample({ count: ${count}, seed: ${seed}, ${[...drawing, "latents", samplesText(origin, count)].join(", ")} });`
        : `const samples = await model.decode(latents${drawing.length > 0 ? `, { ${drawing.join(", ")} }` : ""});`,
    "for (let index = 0; index < samples.count; index++) {",
    '  const canvas = document.createElement("canvas");',
    "  canvas.width = canvas.height = samples.resolution;",
    '  canvas.getContext("2d").putImageData(toImageData(samples, index), 0, 0);',
    "  document.body.append(canvas);",
    "}",
  ].join("\n");
}

/** Temperatures as an option; undefined where all are 1. */
function temperatureText(settings: Settings): string | undefined {
  const own = heat(settings).map(([resolution, value]) => `{ resolution: ${resolution}, temperature: ${value} }`);
  return own.length > 0 ? `[${own.join(", ")}]` : undefined;
}

/** Labels of all pictures: one, or, on a path, that of the nearer end. */
function labelsText(labels: readonly (number | undefined)[]): string[] {
  const [first, last] = [labels[0], labels.at(-1)];
  if (first === undefined) return [];
  const all = `new Int32Array(${labels.length}).fill(${first})`;
  return [`labels: ${first === last ? all : `${all}.fill(${last}, ${labels.indexOf(last)})`}`];
}

/** What else is drawn of pictures that come of one: that of its number. */
const samplesText = (origin: Settings["origin"], count: number): string =>
  `samples: new Array(${count}).fill(${origin === "image" ? 0 : origin!.sample})`;
