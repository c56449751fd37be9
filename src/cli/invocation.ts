/** @file How the user called this program, so that the commands it suggests can be copied. */
import { basename } from "node:path";

/**
 * The beginning of a command line that calls this program again:
 *
 *     strata, strata-vae          by that name, on the path
 *     npx strata, npx strata-vae  by that name, where npx or a script of the user's package found it
 *     npm run strata --           inside the repository
 *
 * `npx strata` is another package where this one is not installed, so `strata-vae` stands where the name is not known.
 *
 * @param environment - what npm tells the programs it starts
 * @param script - the path by which Node was given this program: that of a link, or of the built file
 */
export function programName(environment: NodeJS.ProcessEnv = process.env, script = process.argv[1] ?? ""): string {
  const { npm_command: command, npm_lifecycle_event: event, npm_package_name: owner } = environment;
  const byNpm = command === "exec" || event !== undefined;
  if (byNpm && command !== "exec" && owner === "strata-vae") return "npm run strata --";
  const called = basename(script);
  if (!byNpm) return called === "strata-vae" ? called : "strata";
  return called === "strata" ? "npx strata" : "npx strata-vae";
}

/** A word as a POSIX shell takes it. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** `--layout` behind `--data`, where it was given. */
export const layoutWords = (layout: string | undefined): string => (layout === undefined ? "" : ` --layout ${layout}`);
