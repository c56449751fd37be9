import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type * as promises from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { UserError } from "../../errors.js";
import {
  clearCheckpointLeftovers,
  DamagedCheckpoint,
  listCheckpoints,
  readCheckpoint,
  readNewest,
  retainCheckpoints,
  saveCheckpoint,
  surplusSteps,
  type Tensors,
} from "./checkpoint.js";
import { FRESH } from "./counters.js";
import { NOTHING_GATHERED } from "./meter.js";

/** What the system will not delete, since another program has it open. */
const undeletable = vi.hoisted(() => ({ path: "" }));
vi.mock("node:fs/promises", async (original) => {
  const honest = await original<typeof promises>();
  const rm: typeof promises.rm = async (path, options) => {
    if (path === undeletable.path) throw Object.assign(new Error("EBUSY: busy"), { code: "EBUSY", syscall: "rm" });
    return honest.rm(path, options);
  };
  return { ...honest, rm };
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-checkpoint-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const tensors = (value: number) => async (): Promise<Tensors> =>
  new Map([["a.weight", { dtype: "float32", shape: [2], data: Float32Array.of(value, -value) }]]);

const save = (step: number) => {
  const counters = { ...FRESH, step, images: 8 * step, updates: step };
  const manifest = {
    ...counters,
    meter: NOTHING_GATHERED,
    trainImages: 64,
    trainDigest: "ab",
    settings: { "training.seed": 0 },
  };
  const parts = { parameters: tensors(step), ema: tensors(2 * step), optimizer: tensors(0), spectral: tensors(1) };
  return saveCheckpoint(folder, manifest, parts);
};

const newest = async () => {
  const notices: string[] = [];
  const found = await readNewest(folder, ["ema"], (message) => notices.push(message));
  return { found, notices };
};

test("what was saved is read back, part by part", async () => {
  const saved = await save(5);
  const { manifest, parts } = await readCheckpoint(saved, ["ema", "parameters"]);
  expect(manifest).toMatchObject({
    step: 5,
    images: 40,
    trainImages: 64,
    trainDigest: "ab",
    settings: { "training.seed": 0 },
  });
  expect([...parts.ema.get("a.weight")!.data]).toEqual([10, -10]);
  expect(Object.keys(parts)).toEqual(["ema", "parameters"]);
  expect(readdirSync(folder)).toEqual(["step-5"]);
});

test("checkpoints are ordered by number, not by name", async () => {
  for (const step of [10_000, 2500, 900]) await save(step);
  expect(await listCheckpoints(folder)).toEqual([900, 2500, 10_000]);
  expect((await newest()).found?.manifest.step).toBe(10_000);
});

test("the newest undamaged one is used, and every damaged one reported", async () => {
  for (const step of [1, 2, 3, 4]) await save(step);
  const path = (step: number, file: string) => join(folder, `step-${step}`, file);
  const bytes = readFileSync(path(4, "ema.safetensors"));
  bytes[bytes.length - 1] ^= 0x40;
  writeFileSync(path(4, "ema.safetensors"), bytes);
  writeFileSync(path(3, "manifest.json"), readFileSync(path(3, "manifest.json"), "utf8").slice(0, 50));
  rmSync(path(2, "ema.safetensors"));
  const { found, notices } = await newest();
  expect(found?.manifest.step).toBe(1);
  expect(notices).toEqual([
    expect.stringMatching(
      /^The checkpoint of step 4 is damaged.*ema\.safetensors to have the SHA-256 [0-9a-f]{64}.*the tensor a\.weight is damaged/,
    ),
    expect.stringMatching(/^The checkpoint of step 3 is damaged.*Expected JSON in .*manifest\.json/),
    expect.stringMatching(/^The checkpoint of step 2 is damaged.*ENOENT/),
  ]);
  rmSync(join(folder, "step-1", "manifest.json"));
  await expect(newest()).rejects.toThrow("all 4 are damaged");
});

test("a file that the system cannot read is damaged, as one that is wrong is", async () => {
  for (const step of [1, 2, 3]) await save(step);
  for (const path of [join(folder, "step-3", "ema.safetensors"), join(folder, "step-2", "manifest.json")]) {
    rmSync(path);
    mkdirSync(path);
  }
  const { found, notices } = await newest();
  expect(found?.manifest.step).toBe(1);
  expect(notices).toEqual([
    expect.stringMatching(
      /^The checkpoint of step 3 is damaged.*safetensors file at \S+ema\.safetensors, but .* no file/,
    ),
    expect.stringMatching(/^The checkpoint of step 2 is damaged.*file of a checkpoint at \S+manifest\.json: EISDIR/),
  ]);
});

test("a manifest that is not one is refused with what is wrong", async () => {
  const saved = await save(1);
  const path = join(saved, "manifest.json");
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), step: -1 }));
  await expect(readCheckpoint(saved, ["ema"])).rejects.toThrow(/Expected a checkpoint's manifest in .*step/s);
});

test("no checkpoint is none, not an error", async () => {
  expect((await newest()).found).toBeUndefined();
  expect(await listCheckpoints(join(folder, "missing"))).toEqual([]);
});

test("a manifest in which a number was changed is damaged", async () => {
  const saved = await save(1);
  const path = join(saved, "manifest.json");
  writeFileSync(path, readFileSync(path, "utf8").replace('"updates": 1,', '"updates": 7,'));
  await expect(readCheckpoint(saved, ["ema"])).rejects.toThrow(DamagedCheckpoint);
  await expect(readCheckpoint(saved, ["ema"])).rejects.toThrow(/manifest\.json as it was written, but it should have/);
});

test("damage to a header alone is told from damage to tensors; several tensors are counted", async () => {
  const one: Tensors = new Map([["b", { dtype: "float32", shape: [1], data: Float32Array.of(3) }]]);
  const two = async () => new Map([...(await tensors(1)()), ...one]);
  const manifest = { ...FRESH, meter: NOTHING_GATHERED, trainImages: 64, trainDigest: "ab", settings: {} };
  const parts = { parameters: two, ema: two, optimizer: two, spectral: two };
  const saved = await saveCheckpoint(folder, manifest, parts);
  const path = join(saved, "ema.safetensors");
  const bytes = readFileSync(path);
  const header = Buffer.from(bytes);
  header[header.indexOf("}}") + 2] = 0x0a; // other white space behind the header's JSON
  writeFileSync(path, header);
  await expect(readCheckpoint(saved, ["ema"])).rejects.toThrow("its header is damaged, the elements of every tensor");
  bytes.fill(7, bytes.length - 12);
  writeFileSync(path, bytes);
  await expect(readCheckpoint(saved, ["ema"])).rejects.toThrow("2 tensors are damaged, a.weight the first of them");
});

test("a checkpoint of another format is refused at once, not skipped as damaged", async () => {
  await save(1);
  const saved = await save(2);
  writeFileSync(join(saved, "manifest.json"), JSON.stringify({ format: 1, step: 2 }));
  await expect(newest()).rejects.toThrow(
    `Expected a checkpoint of format 2 in ${saved}, got one of format 1, which strata`,
  );
});

test("the oldest are deleted, but not those asked for", async () => {
  for (const step of [1, 2, 3, 4, 5]) await save(step);
  await retainCheckpoints(folder, { current: 5, recent: 2, every: 0, best: 1 });
  expect(await listCheckpoints(folder)).toEqual([1, 4, 5]);
});

test("one that cannot be deleted is left for the next time", async () => {
  for (const step of [1, 2, 3]) await save(step);
  undeletable.path = join(folder, "step-1");
  await retainCheckpoints(folder, { current: 3, recent: 1, every: 0 });
  expect(await listCheckpoints(folder)).toEqual([1, 3]);
  undeletable.path = "";
  await retainCheckpoints(folder, { current: 3, recent: 1, every: 0 });
  expect(await listCheckpoints(folder)).toEqual([3]);
});

test("what a crash left is cleared: halves go, what was being replaced comes back unless it has been", async () => {
  for (const step of [1, 2]) await save(step);
  mkdirSync(join(folder, ".writing-3"));
  renameSync(join(folder, "step-2"), join(folder, ".replaced-2")); // between two renames
  mkdirSync(join(folder, ".replaced-1")); // before the last deletion
  expect(await listCheckpoints(folder)).toEqual([1]);
  await clearCheckpointLeftovers(folder);
  expect(readdirSync(folder).sort()).toEqual(["step-1", "step-2"]);
  expect((await newest()).found?.manifest.step).toBe(2);
  await clearCheckpointLeftovers(join(folder, "missing"));
});

test("a checkpoint saved again replaces the damaged one of that step", async () => {
  const saved = await save(3);
  writeFileSync(join(saved, "manifest.json"), "");
  await save(3);
  expect((await newest()).found?.manifest.step).toBe(3);
  expect(readdirSync(folder)).toEqual(["step-3"]);
});

describe("what cannot be written is said, and what is there stays", () => {
  /** Fails as the system does, once the first file is there. */
  const failing = (code: string) => async () => {
    throw Object.assign(new Error(`${code}: the system says so, write`), { code, syscall: "write" });
  };
  const parts = (optimizer: () => Promise<Tensors>) => ({
    ...{ parameters: tensors(1), ema: tensors(1) },
    ...{ optimizer, spectral: tensors(1) },
  });
  const manifest = { ...FRESH, step: 2, meter: NOTHING_GATHERED, trainImages: 64, trainDigest: "ab", settings: {} };

  test.each([
    ["ENOSPC", /the disk is full: it needs 700 MiB, and [\d.]+ [KMGT]iB are free \(ENOSPC.*Make room/],
    ["EROFS", /the file system is read-only \(EROFS.*Choose a place that can be written/],
    ["EFBIG", /larger than the system allows.*Raise the limit/],
    ["EIO", /the disk reports an error/],
  ])("%s", async (code, message) => {
    await save(1);
    const saving = saveCheckpoint(folder, manifest, parts(failing(code)), 700 * 2 ** 20);
    await expect(saving).rejects.toThrow(UserError);
    await expect(saving).rejects.toThrow(message);
    await expect(saving).rejects.toThrow(`Expected to write ${join(folder, "step-2")}, but`);
    expect(readdirSync(folder)).toEqual(["step-1"]);
    expect((await newest()).found?.manifest.step).toBe(1);
  });

  test("an internal error stays one", async () => {
    const bug = new TypeError("a bug");
    const saving = saveCheckpoint(
      folder,
      manifest,
      parts(() => Promise.reject(bug)),
    );
    await expect(saving).rejects.toBe(bug);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a folder below a file", async () => {
    writeFileSync(join(folder, "file"), "");
    const saving = saveCheckpoint(join(folder, "file", "checkpoints"), manifest, parts(tensors(1)));
    await expect(saving).rejects.toThrow(/a part of its path is a file, not a folder \(ENOTDIR/);
  });
});

const steps = [900, 2500, 5003, 7500, 10_000];
const keeping = { current: 10_000, recent: 2, every: 0 };

test("all but the newest and the best can go, in the order of numbers", () => {
  expect(surplusSteps(steps, keeping)).toEqual([900, 2500, 5003]);
  expect(surplusSteps(steps, { ...keeping, best: 2500 })).toEqual([900, 5003]);
  expect(surplusSteps(steps, { ...keeping, recent: 9 })).toEqual([]);
});

test("the first checkpoint from every multiple on is kept for good, also where skips have shifted the steps", () => {
  expect(surplusSteps(steps, { ...keeping, every: 5000 })).toEqual([900, 2500]);
  expect(surplusSteps(steps, { ...keeping, recent: 1, every: 2500 })).toEqual([900]);
});

test("what is kept for good stays so through a whole run, saved one after the other, with best ones between", () => {
  let kept: number[] = [];
  const saved: number[] = [];
  for (let step = 70; step <= 7000; step += 70) {
    for (const current of step % 210 === 0 ? [step - 13, step] : [step]) {
      kept.push(current);
      saved.push(current);
      const gone = surplusSteps(kept, {
        current,
        recent: 3,
        every: 1000,
        best: step % 210 === 0 ? step - 13 : undefined,
      });
      expect(gone).not.toContain(current);
      kept = kept.filter((each) => !gone.includes(each));
    }
  }
  const firstFrom = (step: number) => saved.find((each) => each >= step)!;
  const forGood = [1000, 2000, 3000, 4000, 5000, 6000, 7000].map(firstFrom);
  expect(kept).toEqual([...new Set([...forGood, ...saved.slice(-3)])].sort((a, b) => a - b));
  expect(forGood.slice(0, 4)).toEqual([1037, 2030, 3010, 4060]);
});

test("damaged checkpoints after the one just saved do not push it out", () => {
  expect(surplusSteps([100, 200, 300, 400], { current: 200, recent: 1, every: 0 })).toEqual([100]);
});
