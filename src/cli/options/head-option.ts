/** @file `--with-head`: which head of a run is meant. */
import { existsSync } from "node:fs";
import { headFolder } from "../../heads/head-config.js";
import { type HeadName, headNames } from "../../heads/heads.js";
import { type Head, openHead } from "../../heads/trained-head.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import { located } from "../../training/run/open-run.js";
import { runPaths } from "../../training/run/run-folder.js";

const isName = (word: string): word is HeadName => (headNames as readonly string[]).includes(word);

/** The folder of a head: the run's own of that name, or a folder. `true` is the run's: the autoregressive one where it has both. */
function headPlace(run: string, which: string | true): string {
  if (which !== true && !isName(which)) return which;
  const { folder } = located(run);
  const own = headNames.map((name) => headFolder(folder, name));
  const named =
    which === true ? own.findLast((place) => existsSync(runPaths(place).config)) : headFolder(folder, which);
  return named ?? own[0];
}

/**
 * Opens the head that is asked for.
 *
 * @param which - a name or a folder; `true` for the run's
 * @throws UserError when there is none, or it is not one of these weights
 */
export const openNamedHead = (
  model: TrainedModel,
  run: string,
  which: string | true,
  onNotice: (message: string) => void,
): Promise<Head> => openHead(model, headPlace(run, which), { onNotice });
