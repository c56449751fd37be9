import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { discs, tinyModel } from "../../test/support/tiny.js";
import { Runtime } from "../engine/index.js";
import { refine } from "../refinement/refine.js";
import { isPng } from "./page.js";
import { drawRefined } from "./refined-drawings.js";

let runtime: Runtime;
let folder: string;
beforeAll(() => {
  runtime = new Runtime({ threads: 1 });
  folder = mkdtempSync(join(tmpdir(), "strata-refined-"));
});
afterAll(async () => {
  await runtime.dispose();
  rmSync(folder, { recursive: true });
});

test("without classes there is nothing to guide: samples, and ways between them", async () => {
  const model = tinyModel();
  await refine(model, { images: discs(20), out: folder, draws: 16, runtime, limit: { steps: 1 } });
  const pictures = await drawRefined(model, folder, { runtime });
  expect(pictures.map(({ title, caption }) => [title, caption])).toEqual([
    ["Refined samples", "64 images, temperature 0.7; none of them chosen"],
    ["From one picture to another", "Equal steps along the noise between two samples (temperature 0.7)."],
  ]);
  for (const { png } of pictures) expect(isPng(png)).toBe(true);
});
