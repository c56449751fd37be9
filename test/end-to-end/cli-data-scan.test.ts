/** @file `strata data scan` on a folder with one of everything, in text and JSON; its command trains; Ctrl-C stops it. */
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { discs, sharedStrata, start, strata, temporaryFolder, tiny } from "../support/command-line.js";
import { hostileImages } from "../support/hostile-images.js";
import { halves, moving, plain, pngClaiming, writeFiles } from "../support/images.js";

const folder = temporaryFolder();
const data = join(folder, "one of everything");

beforeAll(async () => {
  await discs(join(data, "discs"), ["red", "blue"], 12);
  const [red, blue]: [number, number, number][] = [
    [200, 0, 0],
    [0, 0, 200],
  ];
  const picture = await halves(red, blue, 40).png().toBuffer();
  await writeFiles(data, {
    "odd/again.png": picture,
    "odd/animated.gif": await moving([red, blue], 40).gif().toBuffer(),
    "odd/animated.webp": await moving([blue, red], 40).webp().toBuffer(),
    "odd/bomb.png": await pngClaiming(50_000, 50_000),
    "odd/cmyk.jpg": halves(red, blue, 41).toColourspace("cmyk").jpeg(),
    "odd/cut.png": picture.subarray(0, picture.length - 30),
    "odd/deep.png": halves(red, blue, 42).toColourspace("rgb16").png(),
    "odd/glass.png": plain([200, 0, 0, 0.5], 40),
    "odd/grey.png": plain([99, 99, 99], 40),
    "odd/here.png": picture,
    "odd/page.jpg": "<!DOCTYPE html><title>404</title>",
    "odd/turned.jpg": halves(red, blue, 43).jpeg().withMetadata({ orientation: 6 }),
    "odd/wide.png": halves(red, blue, 90, 30),
    "odd/note.txt": "not looked at",
  });
  await symlink("here.png", join(data, "odd", "link.png"));
});

test("a person sees what there is, what is unusual by name, what is done with it, and how to train", async () => {
  const { code, stdout, stderr } = await strata("data", "scan", data);
  expect(code, stderr).toBe(0);
  const words = (line: RegExp) => expect(stdout).toMatch(line);
  words(/^images +34 usable, 4 left out$/m);
  words(/^formats .*30 PNG.*2 JPEG.*1 GIF.*1 WebP/m);
  words(/^discs +24 +█+$/m);
  words(/^odd +10 +█+$/m);
  words(/^unreadable +2 +left out$/m);
  words(/^ {2}odd\/cut.png: cannot be decoded: .+$/m);
  words(/^ {2}odd\/page.jpg: expected JPEG, PNG, WebP, GIF, AVIF or TIFF, got an HTML page$/m);
  words(/^ {2}odd\/bomb.png: expected at most 134 megapixels, got 50000×50000$/m);
  words(/^ {2}odd\/here.png: the same as odd\/again.png$/m);
  words(/^ {2}odd\/animated.gif: 2 pictures$/m);
  words(/^CMYK +1 +converted to sRGB$/m);
  words(/^ {2}odd\/wide.png: 90×30$/m);
  words(/^• .+few: emoji32-small/m);
  words(/^• Folders taken for classes: 2 \(discs, odd\)\. If they are not, give --layout flat\.$/m);
  words(/^• Not used: 1 \.txt file \(odd\/note\.txt\)\.$/m);
});

test("a program gets the same as one object, and the command it gets trains", async () => {
  const { code, stdout, stderr } = await sharedStrata("data", "scan", data, "--json");
  expect(code, stderr).toBe(0);
  const { usable, kinds, advice, refused } = JSON.parse(stdout);
  expect(usable).toBe(34);
  const named = (kind: string) => kinds[kind].files.map(({ file }: { file: string }) => file.replace("odd/", ""));
  expect(named("transparent")).toEqual(["glass.png"]);
  expect(named("cmyk")).toEqual(["cmyk.jpg"]);
  expect(named("deep")).toEqual(["deep.png"]);
  expect(named("turned")).toEqual(["turned.jpg"]);
  expect(named("grey")).toEqual(["grey.png"]);
  expect(named("oversized")).toEqual(["bomb.png"]);
  expect(kinds.oversized.treatment).toBe("left out, unopened");
  expect(refused.files).toEqual([{ file: "odd/link.png", note: expect.stringContaining("link") }]);

  expect(advice.command).toMatch(
    /^strata train --preset emoji32-small --data '.+' --out runs\/one-of-everything --set /,
  );
  const settings = ["--set", ...advice.settings, ...tiny.slice(tiny.indexOf("--set") + 1)];
  const words = ["--preset", advice.preset, "--data", data, "--out", join(folder, "run"), ...settings, "--steps", "1"];
  const trained = await sharedStrata("train", ...words);
  expect(trained.code, trained.stderr).toBe(0);
});

test("a folder of nothing but hostile images is scanned to its end", async () => {
  // `hostile-images.integration.test.ts` decodes every one.
  const hostile = (await hostileImages()).filter(({ bytes }, index) => index % 3 === 0 && bytes.length < 1e6);
  const files = Object.fromEntries(hostile.map(({ bytes }, i) => [`${i}.png`, bytes]));
  const path = await writeFiles(join(folder, "hostile"), files);
  const { code, stdout, stderr } = await sharedStrata("data", "scan", path, "--json");
  expect(code, stderr).toBe(0);
  const { usable, kinds } = JSON.parse(stdout);
  expect(usable).toBe(hostile.filter(({ refusal }) => !refusal).length);
  expect(usable + kinds.unreadable.count + kinds.oversized.count).toBe(hostile.length);
});

test("Ctrl-C stops a scan, with exit code 130", async () => {
  const { child, ended } = start("data", "scan", "emoji");
  child.stderr!.once("data", () => child.kill("SIGINT"));
  const { code, stdout, stderr } = await ended;
  expect({ code, stdout }, stderr).toEqual({ code: 130, stdout: "" });
});

test.each([
  [["data", "scan", join(folder, "nowhere")], "nowhere"],
  [["data", "scan"], "missing required argument 'source'"],
  [["data"], "scan"],
])("%j is refused", async (words, message) => {
  const { code, stdout, stderr } = await sharedStrata(...words);
  expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(message);
});
