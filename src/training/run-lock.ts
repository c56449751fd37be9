/**
 * @file One trainer to a run folder, also across processes that are killed.
 *
 * Every trainer announces itself by a file of its own, then looks for others: of any two, the one that looks later sees the
 * other. So two never both go on, and taking over from the dead needs no step that two could take at once. Readers need no lock.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { UserError } from "../errors.js";
import { makeFolderSynced, writeFileAtomic } from "../formats/atomic-file.js";

const NAME = /^lock-\d+-[0-9a-f]{8}\.json$/;

const holderSchema = z.object({
  pid: z.int().positive(),
  host: z.string(),
  /** ISO 8601, when it took the lock. */
  since: z.string(),
  /** When the process began, as the system counts; tells it from a later one of the same number. Null where not known. */
  began: z.string().nullable(),
});

/** Who trains into a run folder. */
export type Holder = z.output<typeof holderSchema>;

/** A run folder that is this process's alone. */
export interface RunLock {
  /** Gives it back. */
  release(): Promise<void>;
}

/** Two that begin at once: the later one is given this long to see the earlier and go. */
const SETTLE_MS = 1000;
const LOOK_MS = 50;

/**
 * Takes a run folder, which is made if need be. What killed processes of this machine left is cleared away.
 *
 * @throws UserError when another trainer has it, saying who, or when the folder cannot be written
 */
export async function lockRun(folder: string): Promise<RunLock> {
  await makeFolderSynced(folder);
  const own = `lock-${process.pid}-${randomBytes(4).toString("hex")}.json`;
  const path = join(folder, own);
  const holder: Holder = {
    pid: process.pid,
    host: hostname(),
    since: new Date().toISOString(),
    began: processBegan(process.pid) ?? null,
  };
  await writeFileAtomic(path, Buffer.from(`${JSON.stringify(holder)}\n`));
  const release = () => rm(path, { force: true });
  try {
    const settledMs = performance.now() + SETTLE_MS;
    for (let others = await livingHolders(folder, own); others.length > 0; others = await livingHolders(folder, own)) {
      const earlier = others.find(({ holder: other, name }) => comesBefore([other.since, name], [holder.since, own]));
      if (earlier || performance.now() > settledMs) throw heldError(folder, earlier ?? others[0]);
      await sleep(LOOK_MS);
    }
  } catch (error) {
    await release();
    throw error;
  }
  return { release };
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
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return { began: `${boot} ${fields[19]}`, ended: /[ZX]/.test(fields[0]) }; // ended, though nobody has waited for it
  } catch {
    return undefined;
  }
}

interface Found {
  name: string;
  holder: Holder;
}

/** The others that hold the folder; those of this machine that have died are removed. */
async function livingHolders(folder: string, own: string): Promise<Found[]> {
  const living: Found[] = [];
  for (const name of await readdir(folder)) {
    if (name === own || !NAME.test(name)) continue;
    const path = join(folder, name);
    const holder = await readHolder(path);
    if (holder === undefined) continue; // gone meanwhile
    if (holder.host === hostname() && !lives(holder)) await rm(path, { force: true });
    else living.push({ name, holder });
  }
  return living;
}

async function readHolder(path: string): Promise<Holder | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new UserError(`Expected to read the lock ${path}, but that failed: ${(error as Error).message}.`);
  }
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    throw new UserError(
      `Expected a trainer's lock in ${path}, but it is none. Delete it if nothing trains into that folder, then start again.`,
    );
  }
}

const comesBefore = ([a, first]: [string, string], [b, second]: [string, string]): boolean =>
  a < b || (a === b && first < second);

function heldError(folder: string, { name, holder: { pid, host, since } }: Found): UserError {
  const advice =
    host === hostname()
      ? "Wait until it ends, stop it, or give another folder to --out."
      : `Whether it still runs cannot be seen from here (${hostname()}). If it does not, delete ${join(folder, name)} and start again.`;
  return new UserError(
    `Expected a run folder that nobody else trains into, but ${folder} is held by process ${pid} on ${host} since ${since}. ${advice}`,
  );
}
