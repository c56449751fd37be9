/** @file Errors that are the user's to mend: the command line prints their message alone and exits with code 2. */

/** What a `UserError` is about, in one word for programs: each code with its meaning. */
export const errorCodes = {
  "invalid-config": "A configuration or one of its settings is not valid.",
  "unknown-preset": "There is no preset of that name.",
  "unknown-name":
    "A name stands for nothing: of a class, a data source, a metric, a feature extractor or a shipped model.",
  ambiguous: "A name or a file could mean several things. Say which one you mean.",
  "invalid-options": "Options are missing, contradict one another, or do not fit what they are used on.",
  "out-of-range": "A number lies outside its range.",
  "wrong-shape": "An array, an image or a tensor has another size, length or type than expected.",
  "invalid-values": "Values cannot be right: they are not finite, no probabilities, or too large for their type.",
  "missing-classes": "The model or the images have no classes, or not as many as needed.",
  "too-few-images": "There are no images, or fewer than it takes.",
  "wrong-model": "The model is of another kind, or the weights belong to another model.",
  mismatch: "Two things were not made alike: a checkpoint and its settings, or samples and their reference.",
  "not-found": "A file, folder, run, checkpoint or download is not there.",
  unreadable: "The system refuses to read a file or folder.",
  damaged: "A file is damaged, cut off, or not the one it should be.",
  "unsupported-format": "A file is of a kind that Strata does not read.",
  "too-large": "A file, a list or a grid is larger than Strata or the format allows.",
  unwritable: "A file or folder cannot be written.",
  "disk-full": "The disk has no room left.",
  "already-exists": "Something is there already that would be overwritten.",
  locked: "Another process trains into the folder, has taken it over, or writes the same file.",
  diverged: "Training stopped, because too many updates in a row were skipped.",
  "out-of-memory": "There is not enough memory for what was asked.",
  network: "A server or proxy cannot be reached, or refuses.",
  environment: "The machine, the process or an environment variable stands in the way.",
} as const satisfies Record<string, string>;

/** What went wrong, by a word that stays the same from version to version. */
export type ErrorCode = keyof typeof errorCodes;

/** Plain data about an error, such as `{ path }`: what a program needs to act on it. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** What an error can carry beside its sentence. */
export interface UserErrorOptions {
  /** What to do about it, as full sentences; the message ends with it, on a line of its own where there are several. */
  advice?: string;
  details?: ErrorDetails;
}

/** Bad usage or input. The message says what was expected, what came, where, and what to do about it. */
export class UserError extends Error {
  override name = "UserError";
  /** What to do about it, where that can be told apart from what is wrong: the end of the message. */
  readonly advice?: string;
  readonly details: ErrorDetails;

  /** @param problem - what was expected, what came, and where; the message, but for the advice */
  constructor(
    readonly code: ErrorCode,
    problem: string,
    { advice, details = {} }: UserErrorOptions = {},
  ) {
    super(advice === undefined ? problem : `${problem}${problem.includes("\n") ? "\n" : " "}${advice}`);
    if (advice !== undefined) this.advice = advice;
    this.details = details;
  }
}

/** The code for a file that the system did not read: `not-found` where there is none, else `unreadable`. */
export const readFailure = (error: unknown): ErrorCode =>
  ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "") ? "not-found" : "unreadable";

/** What went wrong first: where giving something back failed after that, `using` throws both in one `SuppressedError`. */
export function firstError(error: unknown): unknown {
  const isPair = error instanceof Error && error.name === "SuppressedError" && "suppressed" in error;
  return isPair ? firstError(error.suppressed) : error;
}
