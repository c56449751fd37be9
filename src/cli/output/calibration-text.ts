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

const PLAIN = "plain sampling";

/** Settings as options, or "plain sampling". */
const settingsText = (sampling: CalibratedSampling): string =>
  isPlain(sampling)
    ? PLAIN
    : samplingFlags({ temperature: temperatureWords(sampling), guidance: guidanceWords(sampling) });

/** What was found, how, and how to use it; `folder` where the settings are not with the run. */
export function calibrationText(run: string, { sampling, weights, found }: Calibration, folder?: string): string {
  const { best, check, images, samples, seeds, candidates, isComplete, features } = found;
  const end = isComplete ? "" : "; ended by --minutes: the same command goes on";
  const lines: [string, string][] = [
    ["run", `${run}, step ${formatCount(weights.step)}`],
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
  ];
  const use = `${programName()} sample --run ${shellWord(run)} --calibrated${folder === undefined ? "" : ` ${shellWord(folder)}`}`;
  return [
    facts(lines),
    ...(check ? ["", checkTable(check), ""] : []),
    verdict(sampling, best, check),
    ...(isPlain(sampling) ? [] : [`Use them: ${use}`]),
  ].join("\n");
}

function checkTable({ metric, distance, accuracy }: CalibrationCheck): string {
  const right = (heading: string) => ({ heading, align: "right" as const });
  const row = (name: string, kind: "unadjusted" | "calibrated") => [
    name,
    formatSignificant(distance[kind], 3),
    ...(accuracy ? [formatShare(accuracy[kind])] : []),
  ];
  const headings = [{ heading: "check" }, right(metric), ...(accuracy ? [right("taken for their label")] : [])];
  return table(headings, [row(PLAIN, "unadjusted"), row("settings of the search", "calibrated")]);
}

function verdict(kept: CalibratedSampling, best: CalibratedSampling, check: CalibrationCheck | undefined): string {
  if (isPlain(best)) return "The search found nothing better than plain sampling, which stays.";
  if (!check)
    return `The search found ${settingsText(best)}, but the model overflowed in the check. Plain sampling stays.`;
  const difference = `${formatSignificant(check.difference, 2)} ± ${formatSignificant(check.standardError, 2)}`;
  return isPlain(kept)
    ? `The search found ${settingsText(best)}, but the check does not confirm them: a difference of ${difference}. Plain sampling stays.`
    : `The check confirms the settings: a difference of ${difference}.`;
}

/** One line on a run's calibration, for `inspect`; `newest` is the step of its last checkpoint. */
export function calibrationLine({ sampling, weights, found: { check } }: Calibration, newest: number): string {
  const step = formatCount(weights.step);
  const settings = isPlain(sampling) ? `${PLAIN}: nothing better was found` : settingsText(sampling);
  const gain =
    check && !isPlain(sampling)
      ? `; ${check.metric} ${formatSignificant(check.distance.calibrated, 3)} instead of ${formatSignificant(check.distance.unadjusted, 3)}`
      : "";
  const age = newest === weights.step ? "" : `; out of date: the newest checkpoint is of step ${formatCount(newest)}`;
  return `at step ${step}, ${settings}${gain}${age}`;
}
