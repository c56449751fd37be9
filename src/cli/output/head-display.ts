/** @file The progress of a head's training, as it is shown. */
import type { HeadEvent } from "../../heads/train-head.js";
import { formatCount, formatDuration, formatFixed, formatRate, formatShare } from "../../number-format.js";
import type { StageProgress } from "../../training/stage-loop.js";
import type { Progress, StatusParts } from "./progress.js";

/** Tells of its events. */
export const showHead =
  (progress: Progress) =>
  (event: HeadEvent): void => {
    if (event.type === "progress") progress.update(headStatus(event));
    else if (event.type === "notice") progress.note(event.message);
  };

/** The state of its training; the step and the time left stay longest where the terminal is narrow. */
function headStatus({ step, totalSteps, loss, imagesPerSecond, share, secondsLeft }: StageProgress): StatusParts {
  return {
    parts: [
      formatShare(share),
      `${formatDuration(secondsLeft)} left`,
      formatRate(imagesPerSecond, "images"),
      `code ${formatFixed(loss, 3)} bits/dim`,
      `step ${formatCount(step)}${totalSteps === null ? "" : ` of ${formatCount(totalSteps)}`}`,
    ],
    importance: [4, 1, 3, 2, 0],
  };
}
