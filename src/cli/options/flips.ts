/** @file Flips that a command line asks for. */
import type { Config } from "../../config/index.js";
import { sourceOf } from "../../data/sources/index.js";
import { UserError } from "../../errors.js";

/**
 * Refuses flips that `--set` asks for, of images that cannot be mirrored; those of a preset or a file are turned off in training,
 * which says so.
 *
 * @param source - as the user named it
 */
export function expectMirrorable(source: string, { training }: Pick<Config, "training">, set: readonly string[] = []) {
  if (!training.flips || !set.some((setting) => setting.startsWith("training.flips="))) return;
  if (sourceOf(source).mirrorable !== false) return;
  throw new UserError(
    "invalid-options",
    `Expected no flips of ${source}, whose images mean something else in a mirror, got training.flips=true. Leave it out.`,
  );
}
