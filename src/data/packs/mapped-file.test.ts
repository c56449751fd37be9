import { closeSync, ftruncateSync, openSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/images.js";
import { mappedFile, positionalReader } from "./mapped-file.js";

const folder = await temporaryFolder();

test("bytes come from where they lie, on both sides of a gigabyte and at the end", () => {
  const path = join(folder, "large");
  const file = openSync(path, "w");
  ftruncateSync(file, 2 ** 31 + 10); // sparse: takes no room
  const marks = [0, 2 ** 30 - 2, 2 ** 30, 2 ** 31 + 6];
  for (const [value, place] of marks.entries()) writeSync(file, Buffer.alloc(4, value + 1), 0, 4, place);
  closeSync(file);
  const mapped = mappedFile(path);
  const positional = positionalReader(openSync(path, "r"));
  for (const read of [mapped, positional]) {
    expect([...read(0, 6)]).toEqual([1, 1, 1, 1, 0, 0]);
    expect([...read(2 ** 30 - 2, 6)]).toEqual([2, 2, 3, 3, 3, 3]);
    expect([...read(2 ** 31 + 6, 4)]).toEqual([4, 4, 4, 4]);
  }
  expect(mappedFile(path)).toBe(mapped);
});

test("a mapped file is no copy", () => {
  const path = join(folder, "small");
  writeFileSync(path, "before");
  const read = mappedFile(path);
  expect(Buffer.from(read(0, 6)).toString()).toBe("before");
  const file = openSync(path, "r+");
  writeSync(file, "after!");
  closeSync(file);
  expect(Buffer.from(read(0, 6)).toString()).toBe("after!");
});

test("a file that became shorter is an error where it is read piece by piece", () => {
  const path = join(folder, "short");
  writeFileSync(path, "123456");
  const read = positionalReader(openSync(path, "r"));
  truncateSync(path, 4);
  expect(() => read(2, 4)).toThrow("Expected 4 bytes at 2, got 2");
});

test("a missing file is named", () => {
  expect(() => mappedFile(join(folder, "none"))).toThrow("none");
});
