import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readEvents, readFolder, referenceChecksum } from "../../test/support/tensorboard.js";
import { crc32c, TensorBoardWriter } from "./tensorboard.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-tensorboard-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test.each([
  ["123456789", Buffer.from("123456789"), 0xe3069283],
  ["nothing", Buffer.alloc(0), 0],
  ["32 zeros", Buffer.alloc(32), 0x8a9136aa], // RFC 3720, B.4, as the next two
  ["32 ones", Buffer.alloc(32, 255), 0x62a8ab43],
  ["0 to 31", Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
])("CRC-32C of %s", (_, bytes, checksum) => {
  expect([crc32c(bytes), referenceChecksum(bytes)]).toEqual([checksum, checksum]);
});

test("a file begins with its version and the start of a session, then come scalars and images", async () => {
  const writer = new TensorBoardWriter(join(folder, "runs", "a"), 41);
  writer.scalars(50, { "train/loss": 1.5, "kl/00": Number.NaN });
  writer.scalars(2 ** 40, { "train/loss": -2, large: 1e300 });
  const png = await sharp({ create: { width: 300, height: 7, channels: 3, background: "red" } })
    .png()
    .toBuffer();
  writer.image(60, "pictures/samples", new Uint8Array(png));
  const [[version, start, ...events], ...more] = readFolder(join(folder, "runs", "a"));
  expect(more).toEqual([]);
  expect(version).toMatchObject({ version: "brain.Event:2", scalars: {} });
  expect(start).toMatchObject({ session: 1, step: 41 });
  expect(events.map(({ step, scalars }) => [step, scalars])).toEqual([
    [50, { "train/loss": 1.5, "kl/00": Number.NaN }],
    [2 ** 40, { "train/loss": -2, large: Number.POSITIVE_INFINITY }],
    [60, {}],
  ]);
  expect(events[2].images).toEqual({ "pictures/samples": { width: 300, height: 7, png } });
  for (const { seconds } of events) expect(Math.abs(seconds - Date.now() / 1000)).toBeLessThan(60);
});

test("a later file is later in order, also within a second and after the clock was set back", () => {
  writeFileSync(join(folder, "events.out.tfevents.9999999000.host.1"), "");
  for (const step of [1, 2, 3]) new TensorBoardWriter(folder, step);
  const names = readdirSync(folder);
  expect(names.map((name) => name.split(".")[3])).toEqual(["9999999000", "9999999001", "9999999002", "9999999003"]);
  expect(readFolder(folder).map((events) => events.at(-1)?.step)).toEqual([undefined, 1, 2, 3]);
  expect(names[1]).toMatch(/^events\.out\.tfevents\.\d{10}\.[\w.-]+$/);
});

test("wherever a file is cut off, what comes before stays readable, and a new writer leaves it alone", () => {
  const writer = new TensorBoardWriter(folder);
  writer.scalars(1, { a: 1 });
  const path = join(folder, readdirSync(folder)[0]);
  const before = readFileSync(path);
  writer.scalars(2, { a: 2 });
  const whole = readFileSync(path);
  for (let length = before.length; length < whole.length; length++) {
    expect(readEvents(whole.subarray(0, length)).map(({ step }) => step)).toEqual([0, 0, 1]);
  }
  writeFileSync(path, whole.subarray(0, -3));
  new TensorBoardWriter(folder, 2).scalars(2, { a: 3 });
  expect(readFileSync(path).length).toBe(whole.length - 3);
  expect(readFolder(folder).map((events) => events.length)).toEqual([3, 3]);
});

test("the reader of these tests notices a changed byte", () => {
  new TensorBoardWriter(folder).scalars(1, { a: 1 });
  const path = join(folder, readdirSync(folder)[0]);
  const bytes = readFileSync(path);
  bytes[bytes.length - 6] ^= 1;
  expect(() => readEvents(bytes)).toThrow(/^checksum/);
});

test("a place that cannot be written is named", () => {
  appendFileSync(join(folder, "file"), "");
  expect(() => new TensorBoardWriter(join(folder, "file"))).toThrow(
    new RegExp(`Expected to write ${join(folder, "file")}, but that failed: EEXIST`),
  );
});
