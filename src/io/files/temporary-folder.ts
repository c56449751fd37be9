/** @file Folders that go away again. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../errors.js";

/**
 * Makes a folder in the system's place for temporary files; whoever makes it removes it.
 *
 * @param prefix - its name begins so
 * @throws UserError when there is no such place
 */
export function makeTemporaryFolder(prefix: string): string {
  try {
    return mkdtempSync(join(tmpdir(), prefix));
  } catch (error) {
    throw new UserError(
      "unwritable",
      `Expected a place for temporary files in ${tmpdir()}, but that failed: ${(error as Error).message}. ` +
        "Let TMPDIR name a folder that can be written.",
    );
  }
}
