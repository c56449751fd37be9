/** @file Models that ship with the package: run folders under `pretrained/`, named `pretrained:NAME`. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../../errors.js";

const PREFIX = "pretrained:";
const PLACE = fileURLToPath(new URL("../../../pretrained", import.meta.url));

/** Names of the models that ship. */
export const pretrainedNames = (): string[] =>
  existsSync(PLACE)
    ? readdirSync(PLACE)
        .filter((name) => existsSync(join(PLACE, name, "config.json")))
        .sort()
    : [];

/**
 * The folder of a run: that of `pretrained:NAME`, or the path itself.
 *
 * @throws UserError when no model of that name ships
 */
export function locateRun(run: string): string {
  if (!run.startsWith(PREFIX)) return run;
  const names = pretrainedNames();
  const name = run.slice(PREFIX.length);
  if (names.includes(name)) return join(PLACE, name);
  throw new UserError(
    "unknown-name",
    `Expected a model that ships, ${names.map((known) => PREFIX + known).join(", ")}, got ${run}.`,
  );
}
