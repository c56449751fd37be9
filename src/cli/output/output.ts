/** @file Standard output and standard error, whose readers may go at any time. */
import { UserError } from "../../errors.js";

/** Exit code when nobody reads a result any more; shells use it for SIGPIPE, of which other programs die then. */
export const READER_GONE = 141;

/** The file behind standard output takes no more. */
const NO_ROOM = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** Why a result could not be written. */
let lost: NodeJS.ErrnoException | undefined;

/**
 * From now on nothing ends because a line cannot be written: `| head`, a `tee` that was killed, a terminal that was closed, a
 * log on a full disk. What a run has to say is also in its folder.
 */
export function surviveLostReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
}

/** Writes to standard output what a command was asked for, and remembers when that cannot be done. */
export function writeResult(text: string): void {
  process.stdout.write(text, (error) => {
    lost ??= (error as NodeJS.ErrnoException | null) ?? undefined;
  });
}

/**
 * Waits until everything printed has left.
 *
 * @returns whether the results have arrived; false when their reader has gone
 * @throws UserError when there is no room for them
 */
export async function flushResults(): Promise<boolean> {
  await new Promise<void>((resolve) => process.stdout.write("", () => resolve()));
  if (lost && NO_ROOM.has(lost.code ?? "")) {
    throw new UserError(
      "unwritable",
      `Expected to write the result to standard output, but that failed: ${lost.message}. Make room.`,
    );
  }
  return lost === undefined;
}
