/** @file The package's version, from its `package.json` (one folder up from the sources and from the built files alike). */
import { readFileSync } from "node:fs";

/** The version of Strata, as npm knows it. */
export const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};
