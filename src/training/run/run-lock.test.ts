import { spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { UserError } from "../../errors.js";
import { type Holder, isAlive, lives, processBegan, thisHolder } from "./lock-holder.js";
import { lockRun } from "./run-lock.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-lock-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const onLinux = process.platform === "linux";

/** Leaves a lock as another trainer of this machine would, without the kernel's lock. */
async function leave(changes: Partial<Holder>): Promise<string> {
  const since = "2026-01-02T03:04:05.000Z";
  const holder = { ...(await thisHolder()), pid: 1, since, began: null, ...changes };
  const path = join(folder, `lock-${holder.pid}-00c0ffee.json`);
  writeFileSync(path, JSON.stringify(holder));
  return path;
}

/** Of a trainer that cannot be seen from here. */
const ELSEWHERE: Partial<Holder> = { pid: 4711, host: "elsewhere", processes: "another start", machine: "another" };

/** A process number that was in use a moment ago. */
async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ["--eval", ""]);
  await new Promise((resolve) => child.on("close", resolve));
  return child.pid!;
}

test("a folder has one trainer at a time; given back, it is free and clean", async () => {
  const out = join(folder, "new", "run");
  const lock = await lockRun(out);
  const [name] = readdirSync(out);
  expect(JSON.parse(readFileSync(join(out, name), "utf8"))).toMatchObject({ pid: process.pid, host: hostname() });
  const second = lockRun(out);
  await expect(second).rejects.toThrow(UserError);
  await expect(second).rejects.toThrow(
    new RegExp(`${out} is held by process ${process.pid} on ${hostname()} since 20\\d\\d-.*Wait until it ends`),
  );
  expect(readdirSync(out)).toEqual([name]);
  await lock.release();
  expect(readdirSync(out)).toEqual([]);
  await (await lockRun(out)).release();
});

test("of many that begin at once, exactly one goes on", async () => {
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockRun(folder)));
  const won = results.filter(({ status }) => status === "fulfilled");
  expect(won).toHaveLength(1);
  expect(readdirSync(folder)).toHaveLength(1);
});

describe("the lock of a dead process of this machine is taken over in silence", () => {
  test("when no process has its number", async () => {
    await leave({ pid: await deadProcess(), began: "a start long ago" });
    const lock = await lockRun(folder);
    expect(readdirSync(folder)).toEqual([expect.stringContaining(`lock-${process.pid}-`)]);
    await lock.release();
  });

  test.runIf(onLinux)("when another process has its number now", async () => {
    await leave({ pid: process.ppid, began: "another-boot 12345" });
    await (await lockRun(folder)).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test.runIf(onLinux)("when it has ended but nobody has waited for it yet", async () => {
    // The shell becomes a program that never waits for the child it has inherited, which ends after that, not before.
    const child = '(while [ "$(cat /proc/$$/comm)" != sleep ]; do sleep 0.01; done) &';
    const parent = spawn("bash", ["-c", `${child} echo $!; exec sleep 60`]);
    const pid = await new Promise<number>((resolve) => parent.stdout.on("data", (text) => resolve(Number(text))));
    while (readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.[0] !== "Z") {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(lives({ pid, began: null })).toBe(false);
    parent.kill();
  });
});

test("the lock of a living process is kept, and so is that of another machine, with advice", async () => {
  const path = await leave({ pid: process.ppid, began: processBegan(process.ppid) ?? null });
  await expect(lockRun(folder)).rejects.toThrow(`held by process ${process.ppid} on ${hostname()} since 2026-01-02`);
  rmSync(path);
  const far = await leave(ELSEWHERE);
  await expect(lockRun(folder)).rejects.toThrow(
    new RegExp(
      `held by process 4711 on elsewhere since 2026-01-02T03:04:05.000Z. Whether it still runs cannot be seen from here \\(${hostname()}\\). ` +
        `It gave its last sign of life [\\d.]+ m?s ago; after 5 min 0 s without one, the next start takes the folder over. If you know that it has ended, delete ${far}`,
    ),
  );
  expect(readdirSync(folder)).toHaveLength(1);
});

describe("a trainer that cannot be seen", () => {
  /** Dates its last sign of life. */
  const silentFor = (path: string, seconds: number) =>
    utimesSync(path, new Date(), new Date(Date.now() - 1000 * seconds));

  test("is left alone while it gives signs, and followed, with a notice, when it has given none for long", async () => {
    const path = await leave(ELSEWHERE);
    silentFor(path, 240);
    await expect(lockRun(folder)).rejects.toThrow("It gave its last sign of life 4 min 0 s ago");
    silentFor(path, 3600);
    const lock = await lockRun(folder);
    expect(lock.notices).toEqual([
      `${folder} was held by process 4711 on elsewhere, which gave no sign of life for 1 h 0 min: taken over.`,
    ]);
    expect(existsSync(path)).toBe(false);
    await lock.release();
  });

  test("is followed sooner when its machine is this one, started again", async () => {
    const path = await leave({
      ...ELSEWHERE,
      ...(await thisHolder()),
      processes: "the start before",
      kernelLock: null,
    });
    const holder = JSON.parse(readFileSync(path, "utf8"));
    if (holder.machine === null) return; // a container, or not Linux
    silentFor(path, 90);
    await expect(lockRun(folder)).rejects.toThrow("1 min 30 s ago; after 1 min 40 s without one");
    silentFor(path, 110);
    await (await lockRun(folder)).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("gives its signs again and again", async () => {
    const lock = await lockRun(folder, { signMs: 5 });
    const path = join(folder, readdirSync(folder)[0]);
    const content = readFileSync(path);
    silentFor(path, 3600);
    await vi.waitUntil(() => statSync(path).mtimeMs > Date.now() - 60_000, { timeout: 10_000 });
    expect(readFileSync(path)).toEqual(content);
    expect(lock.lost.aborted).toBe(false);
    await lock.release();
  });

  test("learns that another has taken over, and leaves that one's lock", async () => {
    const robbed = await lockRun(folder, { signMs: 5 });
    rmSync(join(folder, readdirSync(folder)[0]));
    const other = await lockRun(folder);
    await vi.waitUntil(() => robbed.lost.aborted, { timeout: 10_000 });
    expect(robbed.lost.reason).toBeInstanceOf(UserError);
    expect(robbed.lost.reason.message).toMatch(/Expected to have the run folder alone, but the lock \S+ is gone/);
    await robbed.release();
    expect(readdirSync(folder)).toHaveLength(1);
    await other.release();
  });
});

describe("what tells whether a holder lives", () => {
  const dead = { pid: 2 ** 22 + 1 }; // larger than any number of a process

  test("the kernel's lock, wherever its container is", async () => {
    const here = { ...(await thisHolder()), kernelLock: "start 1, disk 2" };
    const there = { ...here, processes: "another container" };
    expect(isAlive(there, here, true)).toBe(true);
    expect(isAlive(there, here, false)).toBe(false);
    expect(isAlive({ ...there, kernelLock: "start 1, disk 3" }, here, false)).toBeUndefined(); // another mount of it
    expect(isAlive({ ...there, kernelLock: null }, here, false)).toBeUndefined(); // it never had one
    expect(isAlive(there, here, undefined)).toBeUndefined();
    expect(isAlive({ ...there, kernelLock: null }, { ...here, kernelLock: null }, false)).toBeUndefined();
  });

  test("its number, where numbers are the same", async () => {
    const here = { ...(await thisHolder()), processes: "start 1, namespace 1", kernelLock: null };
    expect(isAlive(here, here, undefined)).toBe(true);
    expect(isAlive({ ...here, ...dead }, here, undefined)).toBe(false);
    expect(isAlive({ ...here, ...dead, processes: null }, here, undefined)).toBeUndefined();
  });
});

test("a lock that is none is named, and never deleted", async () => {
  const path = await leave({});
  writeFileSync(path, "{");
  await expect(lockRun(folder)).rejects.toThrow(`Expected a trainer's lock in ${path}, but it is none`);
  expect(readdirSync(folder)).toHaveLength(1);
});

test("a process lives under its number and its start", () => {
  expect(lives({ pid: process.pid, began: null })).toBe(true);
  expect(lives({ pid: process.pid, began: processBegan(process.pid) ?? null })).toBe(true);
  if (onLinux) expect(lives({ pid: process.pid, began: "another start" })).toBe(false);
});
