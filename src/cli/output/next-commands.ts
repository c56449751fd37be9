/** @file What to do with a run next, as commands that can be copied. */
import type { Config } from "../../config/index.js";
import type { Reading } from "../../data/index.js";
import { groups } from "../../model/index.js";
import { defaultGroups } from "../../refinement/latents.js";
import { SHOWN } from "../../refinement/refinement.js";
import { groupRange } from "../../report/group-labels.js";
import type { NextCommand } from "../../report/page.js";
import { programName, readingWords, shellWord } from "../advice.js";

export interface RunToUse {
  /** The run folder, or `pretrained:NAME`. */
  run: string;
  config: Config;
  /** Images as `--data` takes them; default: a word to be replaced. */
  source?: string;
  /** How it is read, where that was said. */
  reading?: Reading;
  /** Whether it is read as a stream. */
  stream?: boolean;
  /** Whether some of them were held out. Default true. */
  heldOut?: boolean;
  /** Whether it has a refinement. Default false. */
  refined?: boolean;
}

/** Drawing with a model, and looking into it. */
export function commandsToTry(used: RunToUse): NextCommand[] {
  const { run, config, source = "SOURCE", reading, heldOut = true, refined = false } = used;
  const [program, name] = [programName(), shellWord(run)];
  const enlarges = config.model.superResolution !== undefined;
  const kept = Math.max(1, Math.floor(groups(config.model).length / 2));
  const split = heldOut ? "" : " --split train";
  return [
    ...(refined ? [refinedSamples(used)] : []),
    {
      purpose: enlarges ? "new images: those that a run BASE draws small, enlarged" : "more new images, calmer ones",
      command: enlarges
        ? `${program} sample --run BASE --superres ${name} --count 16 --out samples.png`
        : `${program} sample --run ${name} --count 64 --temperature 0.7 --out samples.png`,
    },
    {
      purpose: `what latent ${kept === 1 ? "group 0 keeps" : `groups ${groupRange(0, kept - 1)}, the first ${kept}, keep`}`,
      command: `${program} reconstruct --run ${name} --data ${shellWord(source)}${readingWords(reading)}${split} --count 16 --groups ${kept} --out partial.png`,
    },
    ...(refined ? [] : refineCommands(used)).map((command) => ({
      purpose: "a second stage, for new images whose parts fit together",
      command,
    })),
    ...(refined && heldOut
      ? [
          {
            purpose: "temperature and guidance that suit the refinement, for sample --refined --calibrated",
            command: `${program} calibrate ${name} --refined --data ${shellWord(source)}${readingWords(reading)}`,
          },
        ]
      : []),
    { purpose: "layers, groups, parameters, work", command: `${program} inspect ${name}` },
  ];
}

/** Whether somebody can refine a run: it is theirs, and has groups to refine. */
const canBeRefined = ({ run, config: { model } }: RunToUse): boolean =>
  !/^(pretrained|hf):/.test(run) && model.superResolution === undefined && defaultGroups(model) > 0;

/** How to refine a run; none where it cannot be refined. */
export const refineCommands = (used: RunToUse): string[] =>
  canBeRefined(used) ? [`${programName()} refine ${shellWord(used.run)} --minutes 10`] : [];

function refinedSamples({ run, config: { model } }: RunToUse): NextCommand {
  const guidance = model.classes > 0 ? ` --refine-guidance ${SHOWN.guidance} --label all` : "";
  return {
    purpose: `new images, refined${guidance ? ": guidance makes them look more like their label" : ""}`,
    command: `${programName()} sample --run ${shellWord(run)} --refined${guidance} --temperature ${SHOWN.temperature} --out refined.png`,
  };
}

/** The same for a run while it is trained. */
export function commandsWhileTraining(used: RunToUse & { source: string }): NextCommand[] {
  const [program, name] = [programName(), shellWord(used.run)];
  const whole = {
    purpose: "this page anew, with samples at several temperatures and images as they form",
    command: `${program} report ${name}`,
  };
  return [
    ...(used.config.model.superResolution ? [] : [whole]),
    ...commandsToTry(used),
    {
      purpose: "go on after an interruption",
      command: resumeCommand(used.run, used.source, used.reading, used.stream),
    },
  ];
}

/** Resumes training from the last checkpoint. */
export const resumeCommand = (run: string, source: string, reading?: Reading, stream = false): string =>
  `${programName()} train --resume --data ${shellWord(source)}${readingWords(reading)}${stream ? " --stream" : ""} --out ${shellWord(run)}`;
