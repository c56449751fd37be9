/** @file Ctrl-C and SIGTERM: the first asks the command to save and stop, the second stops at once. */

/** Exit code of a command that was interrupted, as shells use it for SIGINT. */
export const INTERRUPTED = 130;

const NAMES: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM"];

/**
 * A terminal sends Ctrl-C to the whole process group, and npm passes on to its child what it receives itself: one key
 * press arrives twice within milliseconds. A second signal counts only after this time; a third one always, since signals
 * that come while the thread is busy are all told at once.
 */
const SAME_KEY_PRESS_MS = 500;

/** Listens from now on. */
export interface Interruption {
  /** Aborted by the first signal. */
  signal: AbortSignal;
  /** Goes back to what was before. */
  dispose(): void;
}

/** Commands that listen themselves. */
let listening = 0;

/**
 * Ends the process at once, saving nothing. `process.exit` would wait for the engine's thread, which may be amid a
 * micro-batch of half a minute; so the process dies of an interruption, which shells report as 130.
 */
export function leaveAtOnce(): void {
  if (process.platform !== "win32") {
    process.removeAllListeners("SIGINT");
    process.kill(process.pid, "SIGINT");
  }
  process.exit(INTERRUPTED); // on Windows, and as the first process of a container, which its own signals do not reach
}

/** From now on a signal ends the process with 130 while no command listens: there is nothing to save. */
export function exitUnlessListening(): void {
  for (const name of NAMES) {
    process.on(name, () => {
      if (listening === 0) process.exit(INTERRUPTED);
    });
  }
}

/**
 * Turns the first SIGINT or SIGTERM into an aborted signal, and the second into an immediate exit.
 *
 * @param onFirst - told which signal came, to say that the command is saving
 * @param leave - how to stop at once
 */
export function listenForInterruption(
  onFirst: (name: NodeJS.Signals) => void,
  { leave = leaveAtOnce, now = () => performance.now() } = {},
): Interruption {
  const controller = new AbortController();
  let firstMs: number | undefined;
  let count = 0;
  const listener = (name: NodeJS.Signals) => {
    count++;
    if (firstMs === undefined) {
      firstMs = now();
      controller.abort(new DOMException(`interrupted by ${name}`, "AbortError"));
      onFirst(name);
    } else if (count > 2 || now() - firstMs > SAME_KEY_PRESS_MS) leave();
  };
  for (const name of NAMES) process.on(name, listener);
  listening++;
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of NAMES) process.off(name, listener);
      listening--;
    },
  };
}
