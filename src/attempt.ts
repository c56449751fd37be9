/** @file Values that a machine may not provide. */

/** The result of an action; undefined where it throws. */
export function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
