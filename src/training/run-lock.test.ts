import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UserError } from "../errors.js";
import { type Holder, lives, lockRun, processBegan } from "./run-lock.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-lock-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const onLinux = process.platform === "linux";

/** Leaves a lock as another trainer would. */
function leave(changes: Partial<Holder>): string {
  const holder = { pid: 1, host: hostname(), since: "2026-01-02T03:04:05.000Z", began: null, ...changes };
  const path = join(folder, `lock-${holder.pid}-00c0ffee.json`);
  writeFileSync(path, JSON.stringify(holder));
  return path;
}

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
    leave({ pid: await deadProcess(), began: "a start long ago" });
    const lock = await lockRun(folder);
    expect(readdirSync(folder)).toEqual([expect.stringContaining(`lock-${process.pid}-`)]);
    await lock.release();
  });

  test.runIf(onLinux)("when another process has its number now", async () => {
    leave({ pid: process.ppid, began: "another-boot 12345" });
    await (await lockRun(folder)).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test.runIf(onLinux)("when it has ended but nobody has waited for it yet", async () => {
    // The shell becomes a program that never waits for the child it has inherited.
    const parent = spawn("bash", ["-c", "sleep 0 & echo $!; exec sleep 60"]);
    const pid = await new Promise<number>((resolve) => parent.stdout.on("data", (text) => resolve(Number(text))));
    while (readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.[0] !== "Z") {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(lives({ pid, began: null })).toBe(false);
    parent.kill();
  });
});

test("the lock of a living process is kept, and so is that of another machine, with advice", async () => {
  const path = leave({ pid: process.ppid, began: processBegan(process.ppid) ?? null });
  await expect(lockRun(folder)).rejects.toThrow(`held by process ${process.ppid} on ${hostname()} since 2026-01-02`);
  rmSync(path);
  const far = leave({ pid: 4711, host: "elsewhere" });
  await expect(lockRun(folder)).rejects.toThrow(
    `held by process 4711 on elsewhere since 2026-01-02T03:04:05.000Z. Whether it still runs cannot be seen from here (${hostname()}). If it does not, delete ${far}`,
  );
  expect(readdirSync(folder)).toHaveLength(1);
});

test("a lock that is none is named, and never deleted", async () => {
  const path = leave({});
  writeFileSync(path, "{");
  await expect(lockRun(folder)).rejects.toThrow(`Expected a trainer's lock in ${path}, but it is none`);
  expect(readdirSync(folder)).toHaveLength(1);
});

test("a process lives under its number and its start", () => {
  expect(lives({ pid: process.pid, began: null })).toBe(true);
  expect(lives({ pid: process.pid, began: processBegan(process.pid) ?? null })).toBe(true);
  if (onLinux) expect(lives({ pid: process.pid, began: "another start" })).toBe(false);
});
