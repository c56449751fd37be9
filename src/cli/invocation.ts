/** @file How the user called this program, so that the commands it suggests can be copied. */

/**
 * `strata` when it is on the path, `npx strata` where npx found it, `npm run strata --` inside the repository.
 *
 * @param environment - what npm tells the programs it starts
 */
export function programName(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.npm_command === "exec") return "npx strata";
  return environment.npm_lifecycle_event === undefined ? "strata" : "npm run strata --";
}

/** A word as a POSIX shell takes it. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** `--layout` behind `--data`, where it was given. */
export const layoutWords = (layout: string | undefined): string => (layout === undefined ? "" : ` --layout ${layout}`);
