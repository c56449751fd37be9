/** @file Who trains into a run folder, as its lock says, and whether that process lives as far as this process can know. */
import { readFileSync, readlinkSync } from "node:fs";
import { type FileHandle, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { z } from "zod";
import { attempt } from "../../attempt.js";
import { UserError } from "../../errors.js";

const holderSchema = z.object({
  pid: z.int().positive(),
  host: z.string(),
  /** ISO 8601, when it took the lock. */
  since: z.string(),
  /** When the process began, as the system counts; tells it from a later one of the same number. Null where not known. */
  began: z.string().nullable(),
  /** Where its number means this process: one start of a machine, one PID namespace. Null where not known. */
  processes: z.string().nullable(),
  /** Where the kernel's lock on its file is seen: one start of a machine, one file system. Null without such a lock. */
  kernelLock: z.string().nullable(),
  /** The machine, whichever its start. Null in a container, whose names say little, and where not known. */
  machine: z.string().nullable(),
});

/** A process that trains into a run folder. */
export type Holder = z.output<typeof holderSchema>;

/**
 * This process.
 *
 * @param locked - its file, where the kernel's lock is on it
 */
export async function thisHolder(locked?: FileHandle): Promise<Holder> {
  const boot = bootScope();
  return {
    pid: process.pid,
    host: hostname(),
    since: new Date().toISOString(),
    began: processBegan(process.pid) ?? null,
    processes: processScope(boot),
    kernelLock: locked && boot ? `${boot} ${(await locked.stat()).dev}` : null,
    machine: machineScope(),
  };
}

/**
 * Who a lock names; undefined when it is gone.
 *
 * @throws UserError when it cannot be read, or is none
 */
export async function readHolder(path: string): Promise<Holder | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new UserError(
      "unreadable",
      `Expected to read the lock ${path}, but that failed: ${(error as Error).message}.`,
    );
  }
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    throw new UserError(
      "damaged",
      `Expected a trainer's lock in ${path}, but it is none. Delete it if nothing trains into that folder, then start again.`,
    );
  }
}

/** Whether a process of this machine lives that is the holder, not another of its number. */
export function lives({ pid, began }: Pick<Holder, "pid" | "began">): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false; // EPERM: it lives, and is another user's
  }
  const now = processNow(pid);
  if (!now) return true; // it cannot be looked at
  return !now.ended && (began === null || began === now.began);
}

/** When a process began: which start of the system, and how long after it; undefined where that is not known. */
export const processBegan = (pid: number): string | undefined => processNow(pid)?.began;

/** What Linux tells of a process; undefined elsewhere, and of those that it hides. */
function processNow(pid: number): { began: string; ended: boolean } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the name before may hold anything
    return { began: `${bootId()} ${fields[19]}`, ended: /[ZX]/.test(fields[0]) }; // ended, though nobody has waited for it
  } catch {
    return undefined;
  }
}

/** This start of this machine; null where a Linux does not say. Other systems have no containers: there the name does. */
function bootScope(): string | null {
  return process.platform === "linux" ? (attempt(bootId) ?? null) : hostname();
}

const bootId = (): string => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

function processScope(boot: string | null): string | null {
  if (process.platform !== "linux" || boot === null) return boot;
  const numbers = attempt(namespace);
  return numbers ? `${boot} ${numbers}` : null;
}

const namespace = (): string => readlinkSync("/proc/self/ns/pid");

/** The number of the namespace that Linux starts with; containers have others. */
const FIRST_NAMESPACE = "pid:[4026531836]";

function machineScope(): string | null {
  if (process.platform !== "linux" || attempt(namespace) !== FIRST_NAMESPACE) return null;
  const id = attempt(() => readFileSync("/etc/machine-id", "utf8").trim());
  return id ? `${hostname()} ${id}` : null;
}

/**
 * Whether a holder lives, as far as can be known without its heartbeat; undefined where it cannot be known.
 *
 * @param here - this process
 * @param locked - whether the kernel has a lock on the holder's file; undefined where it has no such locks
 */
export function isAlive(holder: Holder, here: Holder, locked: boolean | undefined): boolean | undefined {
  if (locked) return true;
  if (locked === false && isSame("kernelLock", holder, here)) return false;
  return isSame("processes", holder, here) ? lives(holder) : undefined;
}

/** Whether two holders are known to have the same of something. */
export const isSame = (key: "processes" | "kernelLock" | "machine", a: Holder, b: Holder): boolean =>
  a[key] !== null && a[key] === b[key];
