/** @file Folders that go away again. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../errors.js";

/** A folder that `using` removes, with all that is in it. */
export interface TemporaryFolder extends Disposable {
  readonly path: string;
}

/**
 * Makes a folder in the system's place for temporary files.
 *
 * @param prefix - its name begins so
 * @throws UserError when there is no such place
 */
export function makeTemporaryFolder(prefix: string): TemporaryFolder {
  try {
    const path = mkdtempSync(join(tmpdir(), prefix));
    return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
  } catch (error) {
    throw new UserError(
      "unwritable",
      `Expected a place for temporary files in ${tmpdir()}, but that failed: ${(error as Error).message}. ` +
        "Let TMPDIR name a folder that can be written.",
    );
  }
}
