/** @file Ctrl-C and SIGTERM: the first asks the command to save and stop, the second stops at once. */

/** Exit code of a command that was interrupted, as shells use it for SIGINT. */
export const INTERRUPTED = 130;

/**
 * A terminal sends Ctrl-C to the whole process group, and npm passes on to its child what it receives itself: one key
 * press arrives twice within milliseconds. A second signal counts only after this time.
 */
const SAME_KEY_PRESS_MS = 500;

/** Listens from now on. */
export interface Interruption {
  /** Aborted by the first signal. */
  signal: AbortSignal;
  /** Goes back to the system's own behaviour. */
  dispose(): void;
}

/**
 * Turns the first SIGINT or SIGTERM into an aborted signal, and the second into an immediate exit.
 *
 * @param onFirst - told which signal came, to say that the command is saving
 * @param exit - how to stop at once
 */
export function listenForInterruption(
  onFirst: (name: NodeJS.Signals) => void,
  { exit = (code: number): void => process.exit(code), now = () => performance.now() } = {},
): Interruption {
  const controller = new AbortController();
  let firstMs: number | undefined;
  const listener = (name: NodeJS.Signals) => {
    if (firstMs === undefined) {
      firstMs = now();
      controller.abort(new DOMException(`interrupted by ${name}`, "AbortError"));
      onFirst(name);
    } else if (now() - firstMs > SAME_KEY_PRESS_MS) exit(INTERRUPTED);
  };
  const names: NodeJS.Signals[] = ["SIGINT", "SIGTERM"];
  for (const name of names) process.on(name, listener);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of names) process.off(name, listener);
    },
  };
}
