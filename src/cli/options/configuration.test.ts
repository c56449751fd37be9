import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/images.js";
import { presets } from "../../config/index.js";
import { readConfig } from "./configuration.js";

const folder = await temporaryFolder();
const saved = async (name: string, bytes: Uint8Array) => {
  await writeFile(join(folder, name), bytes);
  return join(folder, name);
};
const preset = presets["emoji32-small"];
const text = JSON.stringify(preset, null, 2);
const utf16 = Buffer.from(`\ufeff${text}`, "utf16le");

test.each<[string, Buffer]>([
  ["UTF-8", Buffer.from(text)],
  ["UTF-8 with a byte-order mark, as Windows' Notepad had it", Buffer.from(`\ufeff${text}`)],
  ["UTF-16 LE, as PowerShell's > has it", utf16],
  ["UTF-16 BE", Buffer.from(utf16).swap16()],
  ["UTF-16 LE without a mark", utf16.subarray(2)],
])("a configuration in %s is read", async (_, bytes) => {
  expect(readConfig(await saved("config.json", bytes))).toEqual(preset);
});

test("a configuration that does not parse is named with the place, without a character that cannot be seen", async () => {
  const broken = await saved("broken.json", Buffer.from(`\ufeff\ufeff${text}`));
  expect(() => readConfig(broken)).toThrow(
    `Expected a configuration as JSON in ${broken}, but line 1, column 1: expected a value, got U+FEFF. \`strata train`,
  );
  const latin1 = await saved("latin1.json", Buffer.from('{\n  "preset": "f\xfcr"\n}', "latin1"));
  expect(() => readConfig(latin1)).toThrow(
    "its byte 16 (line 2, column 15) is 0xfc, which is not UTF-8. Save it as UTF-8.",
  );
});
