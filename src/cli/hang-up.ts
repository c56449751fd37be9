/**
 * @file Whether the program was told to outlive its terminal.
 *
 * `nohup` starts a program with SIGHUP ignored, and so does `trap "" HUP` in a shell. Node resets that before the first line
 * of JavaScript runs, and nothing keeps what it was. So we look for what else these leave behind.
 */
import { fstatSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { attempt } from "../attempt.js";

/** What tells how the program was started. */
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
