import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { packagePath } from "../package-folder.js";
import { openRun, pretrainedNames } from "../training/run/open-run.js";
import { inline } from "./model-card.js";
import { runCard } from "./run-card.js";
import { shareableSource } from "./shareable.js";

const folder = mkdtempSync(join(tmpdir(), "strata-card-"));
afterAll(() => rmSync(folder, { recursive: true }));

const model = await openRun("pretrained:emoji32");
const card = (options = {}) => runCard("pretrained:emoji32", model, { license: "mit", ...options });

/** An evaluation with these figures. */
function evaluation(name: string, json: object | string): string {
  const place = join(folder, name);
  mkdirSync(place);
  writeFileSync(join(place, "metrics.json"), typeof json === "string" ? json : JSON.stringify(json));
  return place;
}

test.each(pretrainedNames())("%s, which ships, has its card", async (name) => {
  const run = `pretrained:${name}`;
  const text = await runCard(run, await openRun(run), { license: "mit" });
  expect(readFileSync(packagePath(`pretrained/${name}/README.md`), "utf8")).toBe(text);
});

test("a card has what the run's log says, and what is not known as a limit", async () => {
  const text = await card();
  expect(text).toContain("trained for 8,000 steps, 128,000 images of emoji in 1 h 19 min on a CPU (2 threads)");
  expect(text).toContain("| bound on held-out images (bits per dimension) | 3.108 | emoji | 104 images");
  expect(text).toContain("| the same on training images | 3.216 |");
  expect(text).toContain("1,940 images to train on, 104 held out");
  expect(text).toContain("No FID by the Inception network is given");
  expect(text).toContain("It saw 1,940 images, many times each");
});

test("measures of an evaluation stand with their settings; those of other features are no FID", async () => {
  const quality = { fid: { name: "FID", value: 12.345678 } };
  const how = {
    step: 8000,
    seed: 3,
    samplesMeasured: 50000,
    reference: { name: "folder:/home/me/cats", images: 1940 },
  };
  const real = evaluation("fid", { ...how, quality, features: { name: "inception" }, temperature: ["0.8"] });
  const withFid = await card({ evaluations: [real] });
  expect(withFid).toContain(
    "| FID | 12.35 | folder:cats | 50000 samples against 1940 images, features inception, seed 3, temperature 0.8 |",
  );
  expect(withFid).toContain('- type: "fid"\n            name: "FID"\n            value: 12.345678');
  expect(withFid).not.toContain("No FID");
  const pixels = evaluation("pixels", { ...how, quality, features: { name: "pixels" } });
  const without = await card({ evaluations: [pixels] });
  expect(without).toContain('- type: "pixels-fid"');
  expect(without).toContain("No FID");
});

test("the bound of a head stands beside the run's own; of one image there is no error", async () => {
  const ofImages = (count: number, mean: number, standardError: number | null) => ({
    ...{ count, samples: 1 },
    bitsPerDim: { mean, standardError },
  });
  const headLikelihoods = { autoregressive: ofImages(1, 3.25, null) };
  const text = await card({
    evaluations: [evaluation("heads", { step: 8000, likelihood: ofImages(64, 5.5, 0.01), headLikelihoods })],
  });
  expect(text).toContain("| negative log-likelihood, upper bound (bits per dimension) | 5.500 ± 0.010 |");
  expect(text).toContain(
    "| negative log-likelihood with the autoregressive head, upper bound (bits per dimension) | 3.250 |",
  );
});

test.each<[string, object | string, RegExp]>([
  [
    "other weights",
    { step: 7000, quality: { fid: { name: "FID", value: 1 } } },
    /of the weights of step 7000|measured the weights of step 7000, and these are of step 8000/,
  ],
  ["nothing", {}, /has neither measures of samples nor a likelihood/],
  ["no JSON", "{", /is no JSON \(line 1, column 2/],
  ["values that are none", { quality: { fid: { name: "FID", value: "12" } } }, /is not what evaluate writes/],
])("an evaluation of %s is refused", async (name, json, message) => {
  await expect(card({ evaluations: [evaluation(name, json)] })).rejects.toThrow(message);
});

test("names of others mean nothing in the card, neither in Markdown nor in YAML", async () => {
  const hostile = 'a" | <script>\n---\nlicense: evil `x` [y](z)';
  const text = await runCard(
    "pretrained:emoji32",
    { ...model, data: { ...model.data, name: hostile, classes: [hostile] } },
    { license: "mit", title: hostile },
  );
  const [, metadata, body] = /^---\n(.*?)\n---\n(.*)$/s.exec(text)!;
  expect(metadata.match(/^license: /gm)).toHaveLength(1);
  expect(metadata).toContain(`- name: ${JSON.stringify(hostile)}`);
  expect(body).not.toContain("<script>");
  expect(body).not.toMatch(/^---/m);
  expect(inline("a|b\n# c")).toBe("a\\|b \\# c");
});

test.each([
  ["folder:/home/me/private/cats", "folder:cats"],
  ["/home/me/cats.zip", "cats.zip"],
  ["C:\\Users\\me\\cats", "C:cats"],
  ["cifar10:~/x/cifar-10.tar.gz", "cifar10:cifar-10.tar.gz"],
  ["hf:me/cats", "hf:me/cats"],
  ["emoji", "emoji"],
  ["imported from weights.pt", "imported from weights.pt"],
])("%s is shared as %s", (source, shared) => {
  expect(shareableSource(source)).toBe(shared);
});
