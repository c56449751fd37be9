import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tryLock } from "./file-lock.js";

const hasLocks = process.platform !== "win32";
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-file-lock-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test.runIf(hasLocks)(
  "an exclusive lock keeps everyone else out until its file is closed; shared ones go together",
  () => {
    const path = join(folder, "within");
    const [first, second, third] = [openSync(path, "w"), openSync(path, "r+"), openSync(path, "r")];
    expect(tryLock(first, "exclusive")).toBe(true);
    expect(tryLock(second, "exclusive")).toBe(false);
    expect(tryLock(third, "shared")).toBe(false);
    closeSync(first);
    expect(tryLock(second, "shared")).toBe(true);
    expect(tryLock(third, "shared")).toBe(true);
    expect(tryLock(third, "exclusive")).toBe(false);
    for (const file of [second, third]) closeSync(file);
  },
);

test.runIf(hasLocks)("the lock of a killed process is free at once", async () => {
  const path = join(folder, "killed");
  const source = `import { openSync } from "node:fs";
    import { tryLock } from ${JSON.stringify(new URL("./file-lock.ts", import.meta.url).href)};
    console.log(tryLock(openSync(${JSON.stringify(path)}, "w"), "exclusive"));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", source]);
  const ended = new Promise((resolve) => child.on("exit", resolve));
  expect(String(await new Promise((resolve) => child.stdout.once("data", resolve)))).toBe("true\n");
  const file = openSync(path, "r");
  expect(tryLock(file, "shared")).toBe(false);
  child.kill("SIGKILL");
  await ended;
  expect(tryLock(file, "shared")).toBe(true);
  closeSync(file);
});

test("a descriptor that cannot be locked says so", () => {
  expect(tryLock(2 ** 20, "shared")).toBeUndefined();
});
