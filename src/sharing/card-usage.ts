/** @file What a card says to those who use the model: commands and programs to copy. */
import type { Config } from "../config/index.js";
import type { DataSummary } from "../inference/trained-model.js";

/** By what {@link isOurCard} knows a card. */
export const SIGNATURE = "Written by `strata card`";

/** Whether a card was written here, so that another may take its place. */
export const isOurCard = (text: string): boolean => text.includes(SIGNATURE);

/** What the commands depend on. */
interface UsageFacts {
  run: string;
  config: Config;
  data: DataSummary;
  calibrated: boolean;
  refined: boolean;
  refinedCalibrated: boolean;
  heads: readonly string[];
  formats: readonly string[];
}

/** The section on use: on the command line, in TypeScript, on a web page. */
export function usage(facts: UsageFacts): string {
  const { run, config, data, calibrated, refined, refinedCalibrated, heads, formats } = facts;
  const enlarges = config.model.superResolution !== undefined;
  const label = config.model.classes > 0 && data.classes.length > 0 ? 0 : undefined;
  const chosen = label === undefined ? "" : ` --label ${label}`;
  const commands = enlarges
    ? [`npx strata-vae sample --run BASE --superres ${run} --count 16 --out samples.png`]
    : [
        `npx strata-vae sample --run ${run} --count 64 --out samples.png`,
        ...(label === undefined
          ? []
          : [`npx strata-vae sample --run ${run} --count 16${chosen} --guidance 1,2 --out guided.png`]),
        ...(calibrated ? [`npx strata-vae sample --run ${run} --count 64 --calibrated --out calibrated.png`] : []),
        ...(refined
          ? [
              `npx strata-vae sample --run ${run} --count 64 --refined${refinedCalibrated ? " --calibrated" : ""} --out refined.png`,
            ]
          : []),
        ...heads.map((head) => `npx strata-vae sample --run ${run} --count 16 --with-head ${head} --out pixels.png`),
      ];
  const program = enlarges
    ? [
        'import { writeFile } from "node:fs/promises";',
        'import { Cascade, openRun, Sampler, toPng } from "strata-vae";',
        "",
        'const base = new Sampler(await openRun("BASE"));',
        `const enlarger = new Sampler(await openRun(${JSON.stringify(run)}));`,
        "await using cascade = new Cascade(base, enlarger);",
        'await writeFile("samples.png", await toPng(await cascade.sample({ count: 1, seed: 1 })));',
      ]
    : [
        'import { writeFile } from "node:fs/promises";',
        'import { openRun, Sampler, toPng } from "strata-vae";',
        "",
        `await using sampler = new Sampler(await openRun(${JSON.stringify(run)}), { batch: 1 });`,
        'await writeFile("sample.png", await toPng(await sampler.sample({ count: 1, seed: 1 })));',
      ];
  const code = (language: string, lines: readonly string[]) => [`\`\`\`${language}`, ...lines, "```"].join("\n");
  const there = formats.includes("web");
  const page = [
    'import { load, toImageData } from "strata-vae/web";',
    "",
    'const model = await load("model/");',
    "const samples = await model.sample({ count: 1, seed: 1 });",
    'document.querySelector("canvas").getContext("2d").putImageData(toImageData(samples, 0), 0, 0);',
  ];
  const toServer = there
    ? "On a web page, with the folder `web` of this repository as `model` on your server:"
    : "On a web page, with the model as a folder `model` on your server:";
  const others = formats.filter((format) => format !== "web").map((format) => BESIDE[format] ?? format);
  return [
    "## Use",
    "On the command line:",
    code("sh", commands),
    "In TypeScript, after `npm install strata-vae`:",
    code("ts", program),
    ...(enlarges
      ? []
      : [
          toServer,
          ...(there ? [] : [code("sh", [`npx strata-vae export ${run} --format web --out model/`])]),
          code("js", page),
        ]),
    ...others,
  ].join("\n\n");
}

/** What formats beside a run are for. */
const BESIDE: Record<string, string> = {
  onnx: "The folder `onnx` has the model for ONNX Runtime in Python, C# and others.",
  torch: "`model.pt` has the weights for the authors' PyTorch program.",
};
