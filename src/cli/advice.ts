/** @file What the library says, in the words of the command line: options as flags, and commands as the user can type them. */
import { basename, dirname, join } from "node:path";
import { type Reading, readingOf } from "../data/sources/reading.js";
import type { ErrorCode, ErrorDetails, UserError } from "../errors.js";

/** What the command line has for an option, or a function, that sentences of the library name in backquotes. */
export const flags: Readonly<Record<string, string>> = {
  checkpoint: "--checkpoint",
  deterministic: "--deterministic",
  data: "--data",
  device: "--device",
  devices: "--devices",
  dtype: "--dtype",
  from: "--from",
  initial: "--init",
  label: "--label",
  imageColumn: "--image-column",
  labelColumn: "--label-column",
  labelKey: "--label-key",
  labels: "--labels",
  layout: "--layout",
  mlflow: "--mlflow",
  license: "--license",
  offline: "--offline",
  out: "--out",
  precision: "--precision",
  resize: "--resize",
  rankTimeout: "--rank-timeout",
  port: "--port",
  refine: "strata refine",
  resume: "--resume",
  run: "--run",
  trainHead: "strata head",
  stream: "--stream",
  tensors: "--tensors",
  threads: "--threads",
  weights: "--weights",
};

/** A sentence of the library with flags for options: `layout: "flat"` is --layout flat, a setting `path=value` --set path=value. */
export const inFlags = (sentence: string): string =>
  sentence
    .replace(/`(\w+)(?:: ([^`]+))?`/g, (code, option: string, value: string | undefined) =>
      Object.hasOwn(flags, option) ? [flags[option], ...wordsOf(value)].join(" ") : code,
    )
    .replace(/`((?:\w+\.)+\w+=[^`]+)`/g, "--set $1");

/** A value as words: none for `true`, several for a list. */
const wordsOf = (value = "true"): string[] => (value === "true" ? [] : (value.match(/[^\s"[\],]+/g) ?? []));

/** Advice in place of the library's, by the code of an error; undefined where the library's will do. */
const ADVICE: { readonly [code in ErrorCode]?: (error: UserError) => string | undefined } = {
  "not-found": ({ details: { download, run, calibrated, refined, refinement, head } }) => {
    if (calibrated !== undefined) return `Find some: ${calibrationCommand(calibrated, refined)}`;
    if (refinement !== undefined) return `Train it first: ${programName()} refine ${refinedRun(String(refinement))}`;
    if (head !== undefined) return `Train it first: ${programName()} head ${headOfRun(String(head))}`;
    if (download === "inception") {
      return (
        `\`${programName()} fetch inception\` gets them, or \`${programName()} fetch inception --from FILE\` on a machine without network. ` +
        "Without them, `--features pixels` or `--features classifier` measure on something simpler, whose numbers are not FID."
      );
    }
    if (download === "cifar10") return `Run \`${programName()} fetch cifar10\`, or give its place: cifar10:PATH.`;
    return run === undefined ? undefined : `Train it first: ${programName()} train … --out ${shellWord(String(run))}`;
  },
  mismatch: ({ details: { calibrated, refined, temperature, guidance, refineGuidance } }) => {
    if (calibrated === undefined) return undefined;
    const byHand = samplingFlags({
      ...{ temperature: words(temperature), guidance: words(guidance) },
      refineGuidance: typeof refineGuidance === "number" ? refineGuidance : undefined,
    });
    return `Calibrate again (${calibrationCommand(calibrated, refined)}), or sample with ${byHand}.`;
  },
  "unsupported-format": ({ details: { download } }) =>
    download === "inception" ? `\`${programName()} fetch inception\` gets the official file.` : undefined,
  "wrong-model": ({ advice, details: { names, preset, repository } }) => {
    if (repository !== undefined) {
      const file = shellWord(`${repository}:FILE`);
      return `Weights of other programs are a file of it: ${programName()} import ${file} --preset NAME --out RUN`;
    }
    if (preset !== undefined) return `They are those of another preset: --preset ${preset}.`;
    return names === "unknown" ? `${advice} \`${programName()} inspect\` lists them.` : undefined;
  },
  diverged: ({ advice, details: { run, checkpoint, maxLearningRate, skipThreshold } }) => {
    if (checkpoint === undefined) return undefined;
    const folder = String(run);
    const resume = `train --resume --data SOURCE --out ${shellWord(folder)} --set optimizer.skipThreshold=${skipThreshold}`;
    const again =
      `train --config ${shellWord(join(folder, "config.json"))} --init ${shellWord(String(checkpoint))} --data SOURCE --out NEW ` +
      `--set optimizer.maxLearningRate=${maxLearningRate}`;
    const commands = [...(skipThreshold === undefined ? [] : [resume]), again];
    return [`${advice} As commands:`, ...commands.map((words) => `  ${programName()} ${words}`)].join("\n");
  },
};

const calibrationCommand = (run: ErrorDetails[string], refined: ErrorDetails[string] | undefined) =>
  `${programName()} calibrate ${shellWord(String(run))}${refined === true ? " --refined" : ""} --data SOURCE`;

const words = (detail: ErrorDetails[string] | undefined): readonly string[] => (Array.isArray(detail) ? detail : []);

/** Settings as options have them; `refineGuidance` where a refinement draws the first groups. */
interface SamplingWords extends Record<"temperature" | "guidance", readonly string[]> {
  refineGuidance?: number;
}

/** The options that sample with these settings by hand. */
export function samplingFlags({ temperature, guidance, refineGuidance }: SamplingWords): string {
  const given = [
    ...(refineGuidance === undefined ? [] : ["--refined"]),
    ...(refineGuidance ? ["--refine-guidance", refineGuidance] : []),
    ...(temperature.length > 0 ? ["--temperature", ...temperature] : []),
    ...(guidance.length > 0 ? ["--guidance", ...guidance] : []),
  ];
  return given.length > 0 ? given.join(" ") : "neither --temperature nor --guidance";
}

/** What `refine` takes to leave a refinement in a folder. */
const refinedRun = (folder: string): string =>
  basename(folder) === "refinement" ? shellWord(dirname(folder)) : `RUN --out ${shellWord(folder)}`;

/** What `head` takes to leave a head in a folder. */
const headOfRun = (folder: string): string =>
  basename(dirname(folder)) === "heads"
    ? `${shellWord(dirname(dirname(folder)))} --kind ${basename(folder)}`
    : `RUN --out ${shellWord(folder)}`;

/** What an error of the library says to somebody at the command line. */
export function sentenceOf(error: UserError): string {
  const advice = ADVICE[error.code]?.(error);
  if (advice === undefined) return inFlags(error.message);
  return inFlags(
    error.advice === undefined ? `${error.message} ${advice}` : error.message.replace(error.advice, () => advice),
  );
}

/**
 * The beginning of a command line that calls this program again:
 *
 *     strata, strata-vae          by that name, on the path
 *     npx strata, npx strata-vae  by that name, where npx or a script of the user's package found it
 *     npm run strata --           inside the repository
 *
 * `npx strata` is another package where this one is not installed, so `strata-vae` stands where the name is not known.
 *
 * @param environment - what npm tells the programs it starts
 * @param script - the path by which Node was given this program: that of a link, or of the built file
 */
export function programName(environment: NodeJS.ProcessEnv = process.env, script = process.argv[1] ?? ""): string {
  const { npm_command: command, npm_lifecycle_event: event, npm_package_name: owner } = environment;
  const byNpm = command === "exec" || event !== undefined;
  if (byNpm && command !== "exec" && owner === "strata-vae") return "npm run strata --";
  const called = basename(script);
  if (!byNpm) return called === "strata-vae" ? called : "strata";
  return called === "strata" ? "npx strata" : "npx strata-vae";
}

/** A word as a POSIX shell takes it. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** The options behind `--data` that say how it is read, where they were given. */
export const readingWords = (reading: Reading = {}): string =>
  Object.entries(readingOf(reading))
    .map(([option, value]) => ` ${flags[option]} ${shellWord(value)}`)
    .join("");
