/**
 * @file One trainer to a run folder, also across processes that are killed, containers and machines.
 *
 * Every trainer announces itself by a file of its own, then looks for others: of any two, the one that looks later sees the
 * other. So two never both go on, and taking over from the dead needs no step that two could take at once. Readers need no lock.
 *
 * Whether another lives is told, the first that can tell: by the kernel's lock on its file, which all containers of a machine
 * share and a process loses however it ends; by its number, where it means the same process here; by its sign of life,
 * a file that it writes again and again.
 */
import { randomBytes } from "node:crypto";
import { type FileHandle, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../errors.js";
import { makeFolderSynced, syncFolder } from "../../io/files/atomic-file.js";
import { tryLock } from "../../io/files/file-lock.js";
import { writeError } from "../../io/files/write-error.js";
import { formatDuration } from "../../number-format.js";
import { type Holder, isAlive, isSame, readHolder, thisHolder } from "./lock-holder.js";

const NAME = /^lock-\d+-[0-9a-f]{8}\.json$/;

/** A run folder that is this process's alone. */
export interface RunLock {
  /** What the user should know of how it was taken. */
  notices: string[];
  /** Aborted, with a UserError, when another has taken the folder over or the lock was deleted: nothing may be written then. */
  lost: AbortSignal;
  /** Gives it back. */
  release(): Promise<void>;
}

/** Two that begin at once: the later one is given this long to see the earlier and go. */
const SETTLE_MS = 1000;
const LOOK_MS = 50;

/** Between two signs of life. */
const SIGN_MS = 30_000;
/**
 * A trainer that cannot be seen and gave no sign for so long, by the file system's own clock, is taken for dead: soon where
 * its machine has our name and identity, and so has probably been started again since.
 */
const SILENT_MS = { sameMachine: 100_000, elsewhere: 300_000 };

/**
 * Takes a run folder, which is made if need be. What dead trainers left is cleared away.
 *
 * @param signMs - between two signs of life
 * @throws UserError when another trainer has it, saying who, or when the folder cannot be written
 */
export async function lockRun(folder: string, { signMs = SIGN_MS } = {}): Promise<RunLock> {
  await makeFolderSynced(folder);
  const own = await announce(folder);
  const notices: string[] = [];
  try {
    const settledMs = performance.now() + SETTLE_MS;
    for (;;) {
      const others = await livingOthers(folder, own, notices);
      if (others.length === 0) break;
      const earlier = others.find(({ holder: other, name }) =>
        comesBefore([other.since, name], [own.holder.since, own.name]),
      );
      if (earlier || performance.now() > settledMs) throw heldError(folder, earlier ?? others[0], own.holder);
      await sleep(LOOK_MS);
    }
  } catch (error) {
    await withdraw(own);
    throw error;
  }
  const { lost, stop } = giveSigns(own, signMs);
  const release = async () => {
    await stop();
    await withdraw(own);
  };
  return { notices, lost, release };
}

/** The file of this trainer. */
interface Announced {
  name: string;
  path: string;
  holder: Holder;
  content: Buffer;
  /** Stays open, since the kernel's lock ends when it is closed. */
  file: FileHandle;
}

/** Writes the file that says who trains; it appears whole, and locked. */
async function announce(folder: string): Promise<Announced> {
  const name = `lock-${process.pid}-${randomBytes(4).toString("hex")}.json`;
  const path = join(folder, name);
  const temporary = join(folder, `.${name}.${process.pid}-0.writing`); // as `removeUnfinished` knows them
  let file: FileHandle | undefined;
  try {
    file = await open(temporary, "wx+");
    const holder = await thisHolder(tryLock(file.fd, "exclusive") ? file : undefined);
    const content = Buffer.from(`${JSON.stringify(holder)}\n`);
    await file.writeFile(content);
    await file.sync();
    await rename(temporary, path);
    await syncFolder(folder);
    return { name, path, holder, content, file };
  } catch (error) {
    await file?.close();
    for (const left of [temporary, path]) await rm(left, { force: true }).catch(() => {});
    throw writeError(path, error);
  }
}

async function withdraw({ path, file }: Announced): Promise<void> {
  await file.close();
  await rm(path, { force: true });
}

/** Writes the file again and again, and looks whether it is still the one that others see. */
function giveSigns({ path, content, file }: Announced, everyMs: number) {
  const lost = new AbortController();
  const sign = async () => {
    if (await isReplaced(path, file)) lost.abort(lostError(path));
    else {
      await file.write(content, 0, content.length, 0); // the file system's clock dates it, not ours
      await file.sync();
    }
  };
  let last = Promise.resolve();
  const timer = setInterval(() => {
    last = last.then(sign).catch(() => {}); // a file server that is away for a moment
  }, everyMs).unref();
  const stop = () => {
    clearInterval(timer);
    return last;
  };
  return { lost: lost.signal, stop };
}

async function isReplaced(path: string, file: FileHandle): Promise<boolean> {
  const ours = await file.stat();
  try {
    const { ino, dev } = await stat(path);
    return ino !== ours.ino || dev !== ours.dev;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

interface Found {
  name: string;
  holder: Holder;
  /** Where only its signs of life tell that it lives: the time since the last one. */
  silentMs?: number;
}

/** The others that have the folder; those that have died are removed, and told of where that could only be concluded. */
async function livingOthers(folder: string, own: Announced, notices: string[]): Promise<Found[]> {
  const living: Found[] = [];
  for (const name of await readdir(folder)) {
    if (name === own.name || !NAME.test(name)) continue;
    const path = join(folder, name);
    const holder = await readHolder(path);
    const nowMs = async () => (await own.file.stat()).mtimeMs;
    const state = holder && (await stateOf(path, holder, { holder: own.holder, nowMs }));
    if (!state) continue; // gone meanwhile
    const { alive, silentMs } = state;
    if (alive) living.push({ name, holder, silentMs });
    else {
      await rm(path, { force: true }).catch((error) => {
        throw writeError(path, error);
      });
      if (silentMs !== undefined) notices.push(takenOver(folder, holder, silentMs));
    }
  }
  return living;
}

/**
 * Who trains into a folder, as far as can be seen from here. For readers: nothing is cleared away.
 *
 * @throws UserError when a lock cannot be read
 */
export async function trainersOf(folder: string): Promise<Holder[]> {
  const here = await thisHolder();
  const holders = (await readdir(folder))
    .filter((name) => NAME.test(name))
    .map(async (name) => {
      const path = join(folder, name);
      const holder = await readHolder(path);
      const state = holder && (await stateOf(path, holder, { holder: here, nowMs: Date.now }));
      return state?.alive ? holder : undefined;
    });
  return (await Promise.all(holders)).filter((holder) => holder !== undefined);
}

/** Who looks, and by which clock, that of the file system where it is known. */
interface Looker {
  holder: Holder;
  nowMs(): number | Promise<number>;
}

/** Whether a holder lives, as far as this process can know; `silentMs` where only the heartbeat shows it. Undefined: its file is gone. */
async function stateOf(path: string, holder: Holder, own: Looker) {
  try {
    const alive = isAlive(holder, own.holder, await isLocked(path));
    if (alive !== undefined) return { alive };
    const silentMs = Math.max(0, (await own.nowMs()) - (await stat(path)).mtimeMs);
    return { alive: silentMs < patienceMs(holder, own.holder), silentMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new UserError(
      "unreadable",
      `Expected to read the lock ${path}, but that failed: ${(error as Error).message}.`,
    );
  }
}

const patienceMs = (holder: Holder, here: Holder): number =>
  SILENT_MS[isSame("machine", holder, here) ? "sameMachine" : "elsewhere"];

/** Whether the kernel has a lock on a file; undefined where it cannot say. */
async function isLocked(path: string): Promise<boolean | undefined> {
  await using file = await open(path, "r");
  const free = tryLock(file.fd, "shared"); // so that two that look do not take each other for the holder
  return free === undefined ? undefined : !free;
}

const comesBefore = ([a, first]: [string, string], [b, second]: [string, string]): boolean =>
  a < b || (a === b && first < second);

function heldError(folder: string, { name, holder, silentMs }: Found, own: Holder): UserError {
  const { pid, host, since, processes } = holder;
  const place =
    processes === own.processes
      ? ""
      : "It runs in another container or on another machine; its number is the one there. ";
  const advice =
    silentMs === undefined
      ? `${place}Wait until it ends, stop it, or give another folder as \`out\`.`
      : `Whether it still runs cannot be seen from here (${own.host}). It gave its last sign of life ${formatDuration(silentMs / 1000)} ago; ` +
        `after ${formatDuration(patienceMs(holder, own) / 1000)} without one, the next start takes the folder over. ` +
        `If you know that it has ended, delete ${join(folder, name)} and start again.`;
  return new UserError(
    "locked",
    `Expected a run folder that nobody else trains into, but ${folder} is held by process ${pid} on ${host} since ${since}. ${advice}`,
  );
}

const takenOver = (folder: string, { pid, host }: Holder, silentMs: number): string =>
  `${folder} was held by process ${pid} on ${host}, which gave no sign of life for ${formatDuration(silentMs / 1000)}: taken over.`;

const lostError = (path: string): UserError =>
  new UserError(
    "locked",
    `Expected to have the run folder alone, but the lock ${path} is gone: another trainer has taken over, or somebody deleted it. ` +
      "This one stops and saves nothing more. When no other runs, resume with `resume: true`.",
  );
