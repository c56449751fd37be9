/** @file Builds the program once before the end-to-end tests, which start it some hundred times: compiled, it starts in half the time. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const repository = fileURLToPath(new URL("../..", import.meta.url));

/** @returns what is done when the tests are over */
export default function build(): () => void {
  rmSync(`${repository}/dist`, { recursive: true, force: true });
  execFileSync("node_modules/.bin/tsc", ["-p", "tsconfig.build.json"], { cwd: repository, stdio: "inherit" });
  // Empty at first, and shared: a model that several tests train is traced once, and the emoji are packed once.
  const cache = mkdtempSync(join(tmpdir(), "strata-test-cache-"));
  process.env.STRATA_TEST_CACHE_DIR = cache;
  return () => rmSync(cache, { recursive: true, force: true });
}
