/** @file Signals that ask or warn: the first one makes the command save and stop, a second request stops it at once. */
import { fstatSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { attempt } from "../attempt.js";

/** Exit code of a command that was interrupted, whichever signal it was; shells use it for SIGINT. */
export const INTERRUPTED = 130;

/** Someone asks the program to stop: Ctrl-C, `kill`, Ctrl-\, and Ctrl-Break on Windows. */
const REQUESTS: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGQUIT", "SIGBREAK"];

/**
 * Something announces that the program will soon be ended: the terminal has gone, the time of a job or its CPU time is
 * nearly over (Slurm, LSF, Grid Engine, HTCondor, `ulimit -t`, `alarm`), power fails. They repeat, and are followed by
 * requests, while the program saves: they never stop it at once.
 */
const WARNINGS: readonly NodeJS.Signals[] = [
  "SIGHUP",
  "SIGXCPU",
  "SIGUSR1", // a listener also keeps Node from starting its debugger
  "SIGUSR2",
  "SIGALRM",
  "SIGPWR",
  "SIGLOST",
];

/**
 * A terminal sends Ctrl-C to the whole process group, and npm passes on to its child what it receives itself: one key
 * press arrives twice within milliseconds. A second request counts only after this time; a third one always, since signals
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

/** Why SIGHUP is ignored; undefined: it is not. */
let outlivesTerminal: string | undefined;

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

/**
 * Takes charge of signals, for the whole life of the program. While no command listens, one ends the process with 130: there
 * is nothing to save. SIGHUP stays ignored where it was when the program started.
 */
export function handleSignals(): void {
  outlivesTerminal = reasonToOutliveTerminal();
  for (const name of [...REQUESTS, ...WARNINGS]) {
    process.on(name, () => {
      if (listening === 0 && !isIgnored(name)) process.exit(INTERRUPTED);
    });
  }
}

const isIgnored = (name: NodeJS.Signals): boolean => name === "SIGHUP" && outlivesTerminal !== undefined;

/**
 * Turns the first signal into an aborted one, and a second request into an immediate exit.
 *
 * @param onStop - told which signal came, to say that the command is saving; once more of a request after a warning
 * @param onIgnored - told once which signal came and why it changes nothing
 * @param leave - how to stop at once
 */
export function listenForInterruption(
  onStop: (name: NodeJS.Signals) => void,
  {
    onIgnored = (_name: NodeJS.Signals, _reason: string) => {},
    leave = leaveAtOnce,
    now = () => performance.now(),
  } = {},
): Interruption {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals) => {
    controller.abort(new DOMException(`interrupted by ${name}`, "AbortError"));
    onStop(name);
  };
  let firstMs = 0;
  let requests = 0;
  const request = (name: NodeJS.Signals) => {
    requests++;
    if (requests === 1) {
      firstMs = now();
      stop(name);
    } else if (requests > 2 || now() - firstMs > SAME_KEY_PRESS_MS) leave();
  };
  let ignored = 0;
  const warn = (name: NodeJS.Signals) => {
    if (!isIgnored(name)) {
      if (!controller.signal.aborted) stop(name);
    } else if (ignored++ === 0) onIgnored(name, outlivesTerminal!);
  };
  for (const name of REQUESTS) process.on(name, request);
  for (const name of WARNINGS) process.on(name, warn);
  listening++;
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of REQUESTS) process.off(name, request);
      for (const name of WARNINGS) process.off(name, warn);
      listening--;
    },
  };
}

/**
 * What tells how the program was started, and so whether it is to outlive its terminal. `nohup` starts a program with SIGHUP
 * ignored, and so does `trap "" HUP` in a shell. Node resets that before the first line of JavaScript runs, and nothing keeps
 * what it was. So we look for what else these leave behind.
 */
export interface Start {
  environment: NodeJS.ProcessEnv;
  /** A file of `/proc`; undefined where there is none. */
  proc(path: string): string | undefined;
  /** Whether a descriptor of ours is open on this file. */
  isOpenOn(descriptor: number, path: string): boolean;
}

/** How this process was started. */
const ourStart: Start = {
  environment: process.env,
  proc: (path) => attempt(() => readFileSync(`/proc/${path}`, "utf8")),
  isOpenOn: (descriptor, path) =>
    attempt(() => {
      // `bigint` for Node's sake: a pipe that was looked at in numbers is what its `realpath` sees next, and takes the links of
      // pnpm's node_modules for the end of a path (nodejs/node, lib/fs.js: `isFileType(statValues, S_IFIFO)`).
      const [open, file] = [fstatSync(descriptor, { bigint: true }), statSync(path, { bigint: true })];
      return open.dev === file.dev && open.ino === file.ino;
    }) ?? false,
};

/**
 * How we know that SIGHUP was ignored when the program started; undefined where nothing says so.
 *
 * @returns the end of a sentence: "ignored, because …"
 */
export function reasonToOutliveTerminal({ environment, proc, isOpenOn } = ourStart): string | undefined {
  // bash, zsh and ksh name in `_` the command as it was typed; `nohup` passes that on
  if (/(^|\/)nohup$/.test(environment._ ?? "")) return "strata was started by nohup";
  // GNU nohup: "If standard input is a terminal, redirect it from an unreadable file"
  if (isOpenOn(0, "/dev/null") && isWriteOnly(proc("self/fdinfo/0")))
    return "standard input is the one that nohup gives";
  const places = ["nohup.out", ...(environment.HOME ? [join(environment.HOME, "nohup.out")] : [])];
  if (places.some((path) => isOpenOn(1, path) || isOpenOn(2, path))) return "the output goes to nohup.out";
  // whoever ignores it hands that down: a script under nohup, a shell after `trap "" HUP`
  if (ignoresHangUp(proc(`${process.ppid}/status`))) return "the process that started strata ignores it";
  return undefined;
}

const O_ACCMODE = 3;
const O_WRONLY = 1;

/** Whether a descriptor is open for writing alone, as its `/proc/self/fdinfo` says. */
function isWriteOnly(info: string | undefined): boolean {
  const flags = /^flags:\s*([0-7]+)/m.exec(info ?? "")?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & O_ACCMODE) === O_WRONLY;
}

/** Whether a process ignores SIGHUP, the first bit of the mask in its `/proc/PID/status`. */
function ignoresHangUp(status: string | undefined): boolean {
  const mask = /^SigIgn:\s*([0-9a-f]+)/m.exec(status ?? "")?.[1];
  return mask !== undefined && Number.parseInt(mask.slice(-1), 16) % 2 === 1;
}
