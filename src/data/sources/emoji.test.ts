import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { decodeImage } from "../decoding/decode.js";
import { splits } from "../image-set.js";
import { emojiGroups, emojiSource } from "./emoji.js";

const { images: all } = await emojiSource().list();
const bySplit = splits.map((split) => all.filter((image) => image.split === split));

/** Code points without variation selectors, skin tones and leading zeros, written here once more. */
const base = (name: string) =>
  name
    .replace(".webp", "")
    .split(/[-_]/)
    .map((code) => Number.parseInt(code, 16))
    .filter((code) => code !== 0xfe0f && (code < 0x1f3fb || code > 0x1f3ff))
    .join();
const drawings = new Map<string, typeof all>();
for (const image of all) drawings.set(base(image.name), [...(drawings.get(base(image.name)) ?? []), image]);
const isToned = (name: string) => /1f3f[b-f]/.test(name);

test("train, validation and test get some 90, 5 and 5 %", () => {
  const shares = bySplit.map((files) => files.length / all.length);
  expect(shares[0]).toBeCloseTo(0.9, 1);
  expect(shares[1]).toBeCloseTo(0.05, 1);
  expect(shares[2]).toBeCloseTo(0.05, 1);
});

test("no drawing has variants in two splits, or more than two of them", () => {
  const [train, validation, test] = bySplit.map((files) => new Set(files.map(({ name }) => base(name))));
  const inTwo = (a: Set<string>, b: Set<string>) => [...a].filter((drawing) => b.has(drawing));
  expect([...inTwo(train, validation), ...inTwo(train, test), ...inTwo(validation, test)]).toEqual([]);
  for (const drawing of drawings.values()) {
    expect(drawing.filter(({ name }) => isToned(name)).length).toBeLessThanOrEqual(1);
    expect(drawing.filter(({ name }) => !isToned(name)).length).toBe(1);
  }
});

test("every drawing of the package is there, with all nine groups and all five skin tones", () => {
  expect(drawings.size).toBe(1855);
  const counts = emojiGroups.map((_, group) => all.filter(({ label }) => label === group).length);
  expect(Math.min(...counts)).toBeGreaterThan(80);
  expect(counts[emojiGroups.indexOf("People & Body")] / all.length).toBeLessThan(1 / 3);
  for (const tone of "bcdef") expect(all.filter(({ name }) => name.includes(`1f3f${tone}`)).length).toBeGreaterThan(30);
});

test.each([
  ["1f600.webp", "Smileys & Emotion"],
  ["1f44d.webp", "People & Body"],
  ["1f436.webp", "Animals & Nature"],
  ["1f355.webp", "Food & Drink"],
  ["1f3e0.webp", "Travel & Places"],
  ["26bd.webp", "Activities"],
  ["1f511.webp", "Objects"],
  ["0023-fe0f-20e3.webp", "Symbols"],
  ["1f3f4-e0067_e0062_e0073_e0063_e0074.webp", "Flags"],
])("%s is in the group %s", (file, group) => {
  expect(emojiGroups[all.find(({ name }) => name === file)!.label!]).toBe(group);
});

test("the package is found from whatever folder the program runs in", async () => {
  const module = new URL("./emoji.ts", import.meta.url).href;
  const tsx = fileURLToPath(import.meta.resolve("tsx"));
  const script = `const { emojiSource } = await import(${JSON.stringify(module)}); console.log((await emojiSource().list()).images.length);`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", tsx, "--input-type=module", "--eval", script],
    { cwd: tmpdir() },
  );
  expect(Number(stdout)).toBe(all.length);
});

test("drawings are decoded onto white", async () => {
  await using listing = await emojiSource().list();
  const reds: number[] = [];
  for await (const content of listing.read()) {
    if (content.index % 20 > 0) continue;
    if (!("encoded" in content)) throw new Error("Expected a file.");
    reds.push((await decodeImage(content.encoded, 8))[0]);
  }
  expect(reds).toHaveLength(Math.ceil(all.length / 20));
  expect(reds.filter((red) => red === 255).length / reds.length).toBeGreaterThan(0.7); // the first pixel of most is a corner
});
