/** @file What a calibration found, for people. */
import {
  type CalibratedSampling,
  type Calibration,
  type CalibrationCheck,
  guidanceWords,
  isPlain,
  temperatureWords,
} from "../../experiments/calibration/settings.js";
import { formatCount, formatShare, formatSignificant } from "../../number-format.js";
import { programName, samplingFlags, shellWord } from "../advice.js";
import { facts, table } from "./table.js";

/** What samples are drawn with where nothing is adjusted. */
const plainText = ({ refinement }: CalibratedSampling): string => (refinement ? "--refined alone" : "plain sampling");

/** Settings as options, or "plain sampling". */
const settingsText = (sampling: CalibratedSampling): string =>
  isPlain(sampling)
    ? plainText(sampling)
    : samplingFlags({
        ...{ temperature: temperatureWords(sampling), guidance: guidanceWords(sampling) },
        refineGuidance: sampling.refinement?.guidance,
      });

/**
 * What was found, how, and how to use it.
 *
 * @param use - words of `sample` after the run: `--refined`, `--calibrated` and the folders that it would not find
 */
export function calibrationText(
  run: string,
  { sampling, weights, refinement, found }: Calibration,
  use: string[],
): string {
  const { best, check, images, samples, seeds, candidates, isComplete, features } = found;
  const end = isComplete ? "" : "; ended by --minutes: the same command goes on";
  const lines: [string, string][] = [
    ["run", `${run}, step ${formatCount(weights.step)}`],
    ...(refinement ? [["refinement", `step ${formatCount(refinement.step)}`] as [string, string]] : []),
    ["settings", settingsText(sampling)],
    [
      "search",
      `${formatCount(candidates)} settings, up to ${formatCount(samples.search.at(-1)!)} samples of seed ${seeds.search} each, ${formatCount(images.search)} held-out images${end}`,
    ],
    [
      "check",
      `${formatCount(samples.check)} samples of seed ${seeds.check}, ${formatCount(images.check)} other held-out images`,
    ],
    ["features", features],
    ...(found.accuracy === undefined
      ? []
      : [["wanted", `${formatShare(found.accuracy)} taken for their label`] as [string, string]]),
  ];
  const command = [programName(), "sample", "--run", ...[run, ...use].map(shellWord)].join(" ");
  return [
    facts(lines),
    ...(check ? ["", checkTable(check, plainText(best)), ""] : []),
    verdict(sampling, found),
    ...(isPlain(sampling) ? [] : [`Use them: ${command}`]),
  ].join("\n");
}

function checkTable({ metric, distance, accuracy }: CalibrationCheck, plain: string): string {
  const right = (heading: string) => ({ heading, align: "right" as const });
  const row = (name: string, kind: "unadjusted" | "calibrated") => [
    name,
    formatSignificant(distance[kind], 3),
    ...(accuracy ? [formatShare(accuracy[kind])] : []),
  ];
  const headings = [{ heading: "check" }, right(metric), ...(accuracy ? [right("taken for their label")] : [])];
  return table(headings, [row(plain, "unadjusted"), row("settings of the search", "calibrated")]);
}

function verdict(kept: CalibratedSampling, { best, check, accuracy }: Calibration["found"]): string {
  const plain = plainText(kept);
  if (isPlain(best)) return `The search found nothing better than ${plain}, which stays.`;
  const stays = `${plain[0].toUpperCase()}${plain.slice(1)} stays.`;
  if (!check) return `The search found ${settingsText(best)}, but the model overflowed in the check. ${stays}`;
  const difference = `${formatSignificant(check.difference, 2)} ± ${formatSignificant(check.standardError, 2)}`;
  return isPlain(kept)
    ? `The search found ${settingsText(best)}, but the check does not confirm them: a difference of ${difference}. ${stays}`
    : check.difference > -check.standardError && accuracy !== undefined
      ? `The check confirms that more samples are taken for their label. They are not nearer to the images: a difference of ${difference}.`
      : `The check confirms the settings: a difference of ${difference}.`;
}

/**
 * One line on a calibration, for `inspect`.
 *
 * @param newest - step of the last checkpoint of the run, or of its refinement where the calibration is of that
 */
export function calibrationLine(
  { sampling, weights, refinement, found: { check } }: Calibration,
  newest: number,
): string {
  const { step } = refinement ?? weights;
  const settings = isPlain(sampling) ? `${plainText(sampling)}: nothing better was found` : settingsText(sampling);
  const gain =
    check && !isPlain(sampling)
      ? `; ${check.metric} ${formatSignificant(check.distance.calibrated, 3)} instead of ${formatSignificant(check.distance.unadjusted, 3)}`
      : "";
  const age = newest === step ? "" : `; out of date: the newest checkpoint is of step ${formatCount(newest)}`;
  return `at step ${formatCount(step)}, ${settings}${gain}${age}`;
}
