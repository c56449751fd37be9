/** @file The options that say what a card cannot know from the run. */
import type { Command } from "commander";
import { UserError } from "../../errors.js";
import type { CardOptions } from "../../sharing/run-card.js";
import { collect } from "./arguments.js";

/** What {@link addCardOptions} adds. */
export interface CardWords {
  license?: string;
  title?: string;
  evaluation: string[];
}

export const addCardOptions = (command: Command): Command =>
  command
    .option("--license <id>", "licence that you give the model under: mit, apache-2.0, cc-by-4.0, other, …")
    .option("--title <text>", "title of its card (default: the preset and the data)")
    .option("--evaluation <folder...>", "folders that evaluate wrote, whose measures the card has", collect, []);

/**
 * The library's options for these.
 *
 * @throws UserError without a licence: nobody but its owner can choose one
 */
export function cardOptions({ license, title, evaluation: evaluations }: CardWords): CardOptions {
  if (license !== undefined) return { license, title, evaluations };
  throw new UserError(
    "invalid-options",
    "Expected --license ID, under which others may use the model: mit, apache-2.0, cc-by-4.0, cc-by-nc-4.0, other, … " +
      "See that the licences of the training images allow it.",
  );
}
