import { expect, test } from "vitest";
import { applySettings, parsePresetName, resolvePreset } from "../../config/index.js";
import { kinds, type ScanSummary } from "../../data/scanning/scan.js";
import { characters } from "../../data/sources/glyph-sheets.js";
import { adviseTraining } from "./data-advice.js";
import { scanText } from "./data-text.js";

/** A summary of that many images to train on, with whatever matters. */
function summaryOf(
  train: number,
  rest: Partial<ScanSummary> & { grey?: number; duplicates?: number } = {},
): ScanSummary {
  const none = Object.fromEntries(
    kinds.map((kind) => [kind, { count: 0, files: [] }]),
  ) as unknown as ScanSummary["kinds"];
  none.grey.count = rest.grey ?? 0;
  none.duplicate.count = rest.duplicates ?? 0;
  return {
    ...{ usable: train, splits: { train, validation: 0, test: 0 }, classes: [], formats: { png: train } },
    ...{ sizes: [{ width: 32, height: 32, count: train }], otherSizes: 0 },
    ...{ shorterSide: { least: 32, median: 32, most: 32 }, cropLoss: 0, small: 0 },
    ...{ kinds: none, refused: { count: 0, files: [] }, unused: [], notices: [], duplicatesAcrossSplits: 0 },
    ...rest,
  };
}

const classes = (...counts: number[]) => counts.map((count, i) => ({ name: `class ${i}`, count }));
const large = { least: 200, median: 375, most: 900 };

test.each<[string, ScanSummary, string, string[], RegExp]>([
  ["few", summaryOf(2000), "emoji32-small", [], /2,000 images to train on are few/],
  [
    "very few",
    summaryOf(100),
    "emoji32-small",
    ["training.steps=1250", "optimizer.decaySteps=1250"],
    /1,250 steps instead of 3,000: each image is seen 200 times/,
  ],
  [
    "fewer than a batch",
    summaryOf(11),
    "emoji32-small",
    ["training.batchSize=8", "training.steps=500", "optimizer.decaySteps=500"],
    /cannot fill a batch of 16: it is lowered to 8/,
  ],
  [
    "one",
    summaryOf(1),
    "emoji32-small",
    ["training.batchSize=1", "training.steps=500", "optimizer.decaySteps=500"],
    /few/,
  ],
  ["many", summaryOf(45_000), "cifar10-small", [], /see each image 43 times.*--preset cifar10 is the published model/],
  ["very many", summaryOf(1.2e6), "cifar10-small", [], /see each image 1.6 times.*--preset imagenet32/],
  [
    "classes",
    summaryOf(2000, { classes: classes(900, 1100) }),
    "emoji32-small",
    ["model.classes=2"],
    /2 classes: model/,
  ],
  ["one class", summaryOf(2000, { classes: classes(2000) }), "emoji32-small", [], /few/],
  [
    "tiny classes",
    summaryOf(2000, { classes: classes(...new Array(500).fill(4)) }),
    "emoji32-small",
    [],
    /500 classes of 4.0 images on average are too small/,
  ],
  [
    "unbalanced classes",
    summaryOf(2000, { classes: classes(1950, 50) }),
    "emoji32-small",
    ["model.classes=2"],
    /unbalanced: class 0 has 1,950 images, class 1 50/,
  ],
  ["photographs", summaryOf(2000, { shorterSide: large }), "emoji32-small", [], /375 pixels.*reduced 11.7 times/],
  [
    "photographs",
    summaryOf(2000, { shorterSide: large }),
    "emoji32-small",
    [],
    /emoji64-superres --set model.classes=0/,
  ],
  ["wide", summaryOf(2000, { cropLoss: 0.43 }), "emoji32-small", [], /leaves out 43 % of the area/],
  ["small", summaryOf(2000, { small: 500 }), "emoji32-small", [], /25 % of the images have less than 32 pixels/],
  ["grey", summaryOf(2000, { grey: 2000 }), "emoji32-small", [], /The images are grey/],
  ["half grey", summaryOf(2000, { grey: 1000 }), "emoji32-small", [], /50 % of the images are grey/],
  ["copies", summaryOf(2000, { duplicates: 99 }), "emoji32-small", [], /99 images are copies of others: best removed/],
  [
    "copies in other splits",
    summaryOf(2000, { duplicates: 3, duplicatesAcrossSplits: 2 }),
    "emoji32-small",
    [],
    /3 images are copies of others, 2 of them in another split/,
  ],
])("advice for %s", (_name, summary, preset, settings, reason) => {
  const advice = adviseTraining(summary, "folder:cats");
  expect(advice).toMatchObject({ preset, settings });
  expect(advice!.reasons.join("\n")).toMatch(reason);
  applySettings(resolvePreset(parsePresetName(preset)), settings); // the configuration accepts them
});

test("letters and digits are not mirrored", () => {
  const digits = [..."0123456789"].map((name) => ({ name, count: 200 }));
  const advice = adviseTraining(summaryOf(2000, { classes: digits, shorterSide: large }), "digits")!;
  expect(advice.settings).toEqual(["model.classes=10", "training.flips=false"]);
  expect(advice.reasons.join("\n")).toContain("--preset emoji64-superres --set model.classes=10 training.flips=false.");
  expect(advice.reasons.at(-1)).toContain('classes like "1" may read differently in a mirror');
});

test("the embedded glyphs have a preset of their own, which knows their classes", () => {
  const letters = characters.map((name) => ({ name, count: 1000 }));
  const advice = adviseTraining(summaryOf(36_000, { classes: letters }), "glyphs:64")!;
  expect(advice).toMatchObject({ preset: "glyphs32-small", settings: [] });
  expect(advice.command).toMatch(/--preset glyphs32-small --data glyphs --out runs\/64$/);
  const larger = adviseTraining(summaryOf(36_000, { classes: letters, shorterSide: large }), "glyphs")!;
  expect(larger.reasons.join("\n")).toContain("on top with --preset glyphs64-superres.");
});

test("an ordinary set gets no advice that it does not need", () => {
  expect(adviseTraining(summaryOf(2000), "cats")!.reasons).toEqual([
    "2,000 images to train on are few: emoji32-small, a small model, learns what they share in minutes.",
    expect.stringContaining("training.flips=false"),
  ]);
});

test.each([
  ["folder:/data/my cats", "--data 'folder:/data/my cats' --out runs/my-cats"],
  ["it's.zip", `--data 'it'\\''s.zip' --out runs/it-s-zip`],
  ["cifar10:/data/cifar.tar.gz", "--data cifar10:/data/cifar.tar.gz --out runs/cifar-tar-gz"],
  ["emoji", "--data emoji --out runs/emoji"],
  ["emoji:64", "--data emoji --out runs/64"],
  ["..", "--data .. --out runs/images"],
  ["$(reboot)", "--data '$(reboot)' --out runs/reboot"],
])("the command for %s can be given to a shell", (source, words) => {
  expect(adviseTraining(summaryOf(2000), source)!.command).toMatch(
    /strata(-vae)?( --)? train --preset emoji32-small --data /,
  );
  expect(adviseTraining(summaryOf(2000), source)!.command.endsWith(words)).toBe(true);
});

test("names from outside cannot drive the terminal, nor grow the report without bound", () => {
  const summary = summaryOf(2000, { classes: classes(...new Array(300).fill(0).map((_, i) => i)) });
  summary.classes[299].name = "red\u001b[31m";
  const files = Array.from({ length: 40 }, (_, i) => ({ file: `${i}\u202e.png`, note: "damaged\u0007" }));
  summary.kinds.unreadable = { count: 5000, files };
  const text = scanText({ name: "s\u001b[2J", description: "a folder" }, summary, adviseTraining(summary, "s"));
  for (const character of ["\u001b", "\u0007", "\u202e"]) expect(text).not.toContain(character);
  expect(text).toContain("  0\\u{202e}.png: damaged\\u{7}");
  expect(text).toContain("and 4,990 more");
  expect(text).toContain("281 more classes");
  expect(text.split("\n").length).toBeLessThan(60);
});

test("nothing to train on", () => {
  const empty = summaryOf(0);
  expect(adviseTraining(empty, "s")).toBeUndefined();
  const text = scanText({ name: "s", description: "a folder" }, empty, undefined);
  expect(text).toMatch(/images {2}0 usable/);
  expect(text).toContain("Nothing here can be trained on.");
});
