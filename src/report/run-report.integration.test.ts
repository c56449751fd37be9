/** @file Reports of run folders, whatever they hold: weights alone, a log alone, training's pictures. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fixtureMetrics, fixturePng } from "../../test/support/report-fixture.js";
import { discs, tinyModel, tinySuperResolution } from "../../test/support/tiny.js";
import { saveModel } from "../training/run/save-model.js";
import { writeReportSoFar, writeRunReport } from "./run-report.js";

const folder = mkdtempSync(join(tmpdir(), "strata-report-"));
const at = (name: string) => join(folder, name);
const imported = at("imported");

beforeAll(async () => {
  const { config, parameters, data } = tinyModel();
  await saveModel(imported, { config, data }, { ema: parameters });
});

afterAll(() => rmSync(folder, { recursive: true }));

function shown(path: string) {
  const { document } = parseHTML(readFileSync(path, "utf8"));
  const all = (selector: string) => [...document.querySelectorAll(selector)].map(({ textContent }) => textContent);
  return { title: all("h1")[0], lead: all(".lead")[0], sections: all("h2"), pictures: all("figcaption b") };
}

test("weights without a log: what the model draws, and its settings", async () => {
  const doing: string[] = [];
  const path = await writeRunReport(imported, { onProgress: (text) => doing.push(text) });
  expect(path).toBe(join(imported, "report.html"));
  const { title, lead, sections, pictures } = shown(path);
  expect(title).toBe("custom on discs");
  expect(lead).toBeUndefined();
  expect(sections).toEqual(["New images", "How an image forms", "Configuration"]);
  expect(pictures).toEqual([
    "Temperature 1.",
    "Temperature 0.7.",
    "The same noise at several temperatures.",
    "New images.",
  ]);
  expect(doing).toContain("drawing samples");
  expect(readdirSync(join(imported, "samples")).sort()).toEqual([
    ...["formation-1.png", "samples-1.png", "samples-2.png", "samples-3.png"],
  ]);
});

test("with held-out images and a log, elsewhere: the run folder stays as it was", async () => {
  const run = at("logged");
  const { config, parameters, data } = tinyModel({ model: { classes: 4 } });
  await saveModel(run, { config, data: { ...data, name: "folder:/data/my discs" } }, { ema: parameters });
  writeFileSync(
    join(run, "metrics.jsonl"),
    fixtureMetrics()
      .map((line) => `${JSON.stringify(line)}\n`)
      .join(""),
  );
  const before = readdirSync(run, { recursive: true }).sort();
  const out = at("page.html");
  expect(await writeRunReport(run, { out, heldOut: discs(3, { labels: true }) })).toBe(out);
  const { title, lead, sections } = shown(out);
  expect([title, lead]).toEqual(["custom on my discs", "After 3,600 steps of training."]);
  expect(sections).toEqual(
    expect.arrayContaining(["Reconstructions", "How an image forms", "Training", "Where the information sits"]),
  );
  expect(readdirSync(run, { recursive: true }).sort()).toEqual(before);
});

test("without a checkpoint, and of a super-resolution model, there are the newest pictures that training drew", async () => {
  const enlarging = tinyModel({ model: tinySuperResolution });
  const run = at("superres");
  await saveModel(run, enlarging, { ema: enlarging.parameters });
  const bare = at("bare");
  mkdirSync(join(bare, "samples"), { recursive: true });
  copyFileSync(join(imported, "config.json"), join(bare, "config.json"));
  const png = await fixturePng();
  for (const place of [run, bare]) {
    const samples = join(place, "samples");
    for (const name of ["step-000900.png", "step-001000.png", "reconstructions-step-001000.png"]) {
      writeFileSync(join(samples, name), png);
    }
    writeFileSync(join(samples, "step-1000000.png"), "no picture");
    const notices: string[] = [];
    const { pictures, sections } = shown(await writeRunReport(place, { onNotice: (text) => notices.push(text) }));
    expect(pictures).toEqual(["Step 1,000.", "Step 1,000."]);
    expect(sections).toEqual(["New images", "Reconstructions", "Configuration"]);
    expect(notices).toEqual([expect.stringMatching(place === run ? /super-resolution/ : /no checkpoint/)]);
  }
});

test("a report while training computes nothing, and a folder that is no run is refused", async () => {
  const { sections } = shown(await writeReportSoFar(imported, {}));
  expect(sections).toEqual(["Configuration"]);
  await expect(writeRunReport(at("nowhere"))).rejects.toThrow("Expected a run folder at");
  expect(existsSync(at("nowhere"))).toBe(false);
});
