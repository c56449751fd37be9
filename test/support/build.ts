/** @file Bundles the program once before the end-to-end tests, which start it some hundred times. */
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundle } from "../../scripts/bundle.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));

export default async function build(): Promise<void> {
  if (process.env.STRATA_TEST_BUILD) return; // for another project of the same run
  process.env.STRATA_TEST_BUILD = "done";
  rmSync(`${repository}/dist`, { recursive: true, force: true });
  await bundle("dist");
}
