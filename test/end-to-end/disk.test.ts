/** @file Disks that are full, limited or read-only: one clear error, and whatever was saved stays whole. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { listCheckpoints, readCheckpoint } from "../../src/training/run/checkpoint.js";
import { discs, sharedStrata, strataWithin, temporaryFolder, tiny } from "../support/command-line.js";

const folder = temporaryFolder();
const whole = join(folder, "whole");
const STEPS = 8;
const frequent = ["training.checkpointEvery=1", "training.keepCheckpoints=50", "training.evaluateEvery=100"];
const words = (out: string) => ["train", ...tiny, ...frequent, "--data", join(folder, "discs"), "--out", out];

/** Runs a script with mounts of its own, which nobody else sees and which end with it. */
const MOUNTS = ["--user", "--map-root-user", "--mount"];
const canMount =
  process.platform === "linux" &&
  spawnSync("unshare", [...MOUNTS, "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;
const withMounts = (script: string) => `exec unshare ${MOUNTS.join(" ")} bash -c '${script}' bash "$@"`;

const filesOf = (path: string) =>
  Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name)).toString("base64")]));

/** Bytes of a checkpoint on a disk that keeps pages of 4 KiB. */
const roomOf = (path: string) =>
  readdirSync(path).reduce((sum, name) => sum + 4096 * Math.ceil(statSync(join(path, name)).size / 4096), 0);

beforeAll(async () => {
  await discs(join(folder, "discs"), ["red", "blue"], 12);
  const { code, stderr } = await sharedStrata(...words(whole));
  expect(code, stderr).toBe(0);
});

/** All checkpoints of a run that ended early are whole, and it goes on to what an undisturbed run leaves. */
async function goesOn(run: string): Promise<void> {
  const checkpoints = join(run, "checkpoints");
  for (const step of await listCheckpoints(checkpoints)) {
    await readCheckpoint(join(checkpoints, `step-${step}`), ["parameters", "ema", "optimizer", "spectral"]);
  }
  const { code, stderr } = await sharedStrata(...words(run), "--resume");
  expect(code, stderr).toBe(0);
  const last = join("checkpoints", `step-${STEPS}`);
  expect(filesOf(join(run, last))).toEqual(filesOf(join(whole, last)));
}

test.runIf(canMount)("a full disk", async () => {
  const disk = join(folder, "disk");
  const kept = join(folder, "kept");
  mkdirSync(disk);
  const size = Math.round(3.5 * roomOf(join(whole, "checkpoints", `step-${STEPS}`)));
  const script = withMounts(
    `mount -t tmpfs -o size=${size} none ${disk} && "$@"; code=$?; cp -r ${join(disk, "run")} ${kept}; exit $code`,
  );
  const { code, stderr } = await strataWithin(script, ...words(join(disk, "run")));
  expect(code, stderr).toBe(2);
  expect(stderr).toMatch(/^The disk of .* has [\d.]+ MiB left, but the checkpoints to come take [\d.]+ [KMG]iB/m);
  expect(stderr).toMatch(
    /strata: Expected to write .*step-\d, but the disk is full: it needs [\d.]+ [KM]iB, and [\d.]+ [KMGT]?i?B are free \(ENOSPC.*\)\. Make room, then resume\./,
  );
  const steps = await listCheckpoints(join(kept, "checkpoints"));
  expect(steps.length).toBeGreaterThanOrEqual(2);
  expect(steps.length).toBeLessThan(STEPS);
  expect(readdirSync(join(kept, "checkpoints")).filter((name) => name.startsWith("."))).toEqual([]);
  await goesOn(kept);
});

test.runIf(process.platform === "linux")("a limit on the size of files", async () => {
  const out = join(folder, "limited");
  const largest = statSync(join(whole, "checkpoints", `step-${STEPS}`, "optimizer.safetensors")).size;
  const script = `ulimit -f ${Math.floor(largest / 1024)}; exec "$@"`; // of 1024 bytes: just too few
  const { code, stderr } = await strataWithin(script, ...words(out));
  expect(code, stderr).toBe(2);
  expect(stderr).toMatch(/strata: Expected to write .*larger than the system allows \(ulimit -f.*Raise the limit/);
  await goesOn(out);
});

test.runIf(canMount)("a file system that is read-only", async () => {
  const disk = join(folder, "read-only");
  mkdirSync(disk);
  const script = withMounts(`mount -t tmpfs none ${disk} && mount -o remount,ro ${disk} && exec "$@"`);
  const { code, stderr } = await strataWithin(script, ...words(join(disk, "run")));
  expect(code, stderr).toBe(2);
  expect(stderr).toMatch(
    /strata: --out .*read-only.run: expected a place to write to, but .*read-only is on a read-only file system/,
  );
});
