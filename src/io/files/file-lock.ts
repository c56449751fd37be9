/**
 * @file Locks of the kernel on open files. They end with the process, however it ends, and hold between containers of one
 * machine, which see neither each other's processes nor their numbers.
 */
import { createRequire } from "node:module";

const LOCK = { shared: 1, exclusive: 2, withoutWaiting: 4 };

/**
 * Locks an open file until it is closed, or says that another has it. One opening of a file excludes another, within a
 * process too.
 *
 * @param file - a descriptor, open for writing where the lock is exclusive
 * @returns whether it is locked now; undefined where the system or its file system has no such locks (Windows)
 */
export function tryLock(file: number, kind: "shared" | "exclusive"): boolean | undefined {
  flock ??= nativeFlock();
  if (flock === "none") return undefined;
  const { call, errno, busy } = flock;
  if (call(file, LOCK[kind] | LOCK.withoutWaiting) === 0) return true;
  return errno() === busy ? false : undefined;
}

interface Flock {
  call(file: number, operation: number): number;
  errno(): number;
  /** What `errno` is when another has the lock. */
  busy: number;
}

let flock: Flock | "none" | undefined;

function nativeFlock(): Flock | "none" {
  if (process.platform === "win32") return "none";
  try {
    const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
    const call = koffi.load(null).func("int flock(int file, int operation)") as Flock["call"];
    return { call, errno: () => koffi.errno(), busy: koffi.os.errno.EWOULDBLOCK ?? koffi.os.errno.EAGAIN };
  } catch {
    return "none";
  }
}
