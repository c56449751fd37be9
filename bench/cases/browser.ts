/** @file A visitor's browser: what the page of an exported model waits for, in Chromium on WebAssembly with one thread. */
import { join } from "node:path";
import { bundleForBrowsers } from "../../scripts/bundle.js";
import { findRefinement } from "../../src/refinement/refinement.js";
import { openRun } from "../../src/training/run/open-run.js";
import { exportWeb } from "../../src/weights/web/export-web.js";
import { hasChromium, launchChromium } from "../../test/support/chromium.js";
import { LIBRARY_PAGE } from "../../test/support/library-page.js";
import { serveFolders } from "../../test/support/web-server.js";
import { median } from "../measure.js";
import { withFolder } from "../scratch.js";
import { type BenchOptions, type Case, digits, type Line, type Section } from "../suite.js";

const ROUNDS = 10;

/** An action, and what it may take, ms. */
type Budgets<Action extends string> = Readonly<Record<Action, { title: string; ms: number }>>;

/** Milliseconds that each action took, round by round. */
type Times<Action extends string = string> = Record<Action, number[]>;

/** Of a model whose prior draws. */
const BUDGETS = {
  start: { title: "start with cached files, to the first picture", ms: 2000 },
  preview: { title: "one picture", ms: 100 },
  firstFour: { title: "draw anew, the first 4 of 16", ms: 250 },
  sixteen: { title: "draw anew, all 16", ms: 600 },
  guided: { title: "the same, guided", ms: 900 },
  picture: { title: "own picture: decode, encode, 16 that keep half of its groups", ms: 1200 },
} as const satisfies Budgets<string>;

/** Of a model whose refinement draws the first groups. */
const REFINED_BUDGETS = {
  start: { title: "start with cached files, to the first picture", ms: 2000 },
  preview: { title: "one picture", ms: 250 },
  firstFour: { title: "draw anew, the first 4 of 16", ms: 600 },
  sixteen: { title: "draw anew, all 16", ms: 2000 },
} as const satisfies Budgets<string>;

/** @param timed - runs in the page */
async function measure<Action extends string>(
  run: string,
  budgets: Budgets<Action>,
  timed: (rounds: number) => Promise<Times<Action>>,
  { rounds = ROUNDS }: BenchOptions,
): Promise<Line[]> {
  if (!hasChromium) return [{ cells: ["Chromium is not installed", "", "", ""], data: {} }];
  return withFolder(async (folder) => {
    const [model, library] = [join(folder, "model"), join(folder, "lib")];
    const trained = await openRun(run);
    await exportWeb(trained, model, { page: false, refinement: await findRefinement(trained, run) });
    await bundleForBrowsers(library);
    await using server = await serveFolders({
      folders: { "/model": model, "/lib": library },
      pages: { "/index.html": LIBRARY_PAGE },
      headers: { "Cache-Control": "max-age=3600" },
    });
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      await page.addInitScript("globalThis.__name = (named) => named"); // what tsx makes of functions calls it
      await page.goto(`${server.origin}/`);
      const times = await page.evaluate(timed, rounds);
      return (Object.keys(budgets) as Action[]).map((name) => {
        const { title, ms: budget } = budgets[name];
        const all = times[name];
        const [middle, most] = [median(all), Math.max(...all)];
        return {
          cells: [title, digits(middle), digits(most), `${budget} ${middle <= budget ? "✓" : "✗"}`],
          data: { action: name, budget, times: all },
        };
      });
    } finally {
      await browser.close();
    }
  });
}

async function timePrior(rounds: number): Promise<Times<keyof typeof BUDGETS>> {
  const { fromPicture, latentsAt, load, varyLatents } = await importStrata("/lib/web.js");
  const times: Times<keyof typeof BUDGETS> = {
    start: [],
    preview: [],
    firstFour: [],
    sixteen: [],
    guided: [],
    picture: [],
  };
  const open = () => load("model/", { device: "wasm" });
  const first = await open(); // downloads
  first.dispose();
  for (let round = 0; round < Math.min(rounds, 5); round++) {
    const start = performance.now();
    const model = await open();
    await model.sample({ count: 1 });
    times.start.push(performance.now() - start);
    model.dispose();
  }
  const model = await open();
  await model.prepare();
  const label = (count: number) => new Int32Array(count).fill(2);
  const canvas = new OffscreenCanvas(640, 480);
  const context = canvas.getContext("2d")!;
  context.fillStyle = "orange";
  context.fillRect(100, 80, 300, 300);
  const file = await canvas.convertToBlob();
  for (let round = 0; round <= rounds; round++) {
    const took = { ...{ preview: 0, firstFour: 0, sixteen: 0, guided: 0, picture: 0 } };
    let start = performance.now();
    await model.sample({ count: 1, seed: round });
    took.preview = performance.now() - start;
    start = performance.now();
    await model.sample({
      count: 16,
      seed: round,
      onImages: (_, number) => {
        if (number === 0) took.firstFour = performance.now() - start;
      },
    });
    took.sixteen = performance.now() - start;
    start = performance.now();
    await model.sample({ count: 16, seed: round, labels: label(16), guidance: { mean: 1, variance: 2 } });
    took.guided = performance.now() - start;
    start = performance.now();
    const picture = await fromPicture(file, model.config.resolution);
    const { latents } = await model.encode(picture, { labels: label(1), seed: round });
    await model.decode(varyLatents(model.config, latentsAt(latents, 0, 1), { groups: 8, count: 16 }), {
      labels: label(16),
    });
    took.picture = performance.now() - start;
    if (round === 0) continue; // warm
    for (const [name, ms] of Object.entries(took)) times[name as keyof typeof took].push(ms);
  }
  model.dispose();
  return times;
}

async function timeRefinement(rounds: number): Promise<Times<keyof typeof REFINED_BUDGETS>> {
  const { load } = await importStrata("/lib/web.js");
  const times: Times<keyof typeof REFINED_BUDGETS> = { start: [], preview: [], firstFour: [], sixteen: [] };
  const open = () => load("model/", { device: "wasm" });
  const first = await open(); // downloads
  first.dispose();
  for (let round = 0; round < Math.min(rounds, 5); round++) {
    const start = performance.now();
    const model = await open();
    await model.sample({ count: 1, refined: true });
    times.start.push(performance.now() - start);
    model.dispose();
  }
  const model = await open();
  for (let round = 0; round <= rounds; round++) {
    const took = { preview: 0, firstFour: 0, sixteen: 0 };
    let start = performance.now();
    await model.sample({ count: 1, seed: round, refined: true });
    took.preview = performance.now() - start;
    start = performance.now();
    await model.sample({
      count: 16,
      seed: round,
      refined: true,
      onImages: (_, number) => {
        if (number === 0) took.firstFour = performance.now() - start;
      },
    });
    took.sixteen = performance.now() - start;
    if (round === 0) continue; // warm
    for (const [name, ms] of Object.entries(took)) times[name as keyof typeof took].push(ms);
  }
  model.dispose();
  return times;
}

const cases: Case[] = [
  {
    id: "browser/wasm",
    title: "`pretrained:emoji32`, one thread",
    run: (options) => measure("pretrained:emoji32", BUDGETS, timePrior, options),
  },
  {
    id: "browser/wasm-refined",
    title: "`pretrained:glyphs32` with its refinement, one thread",
    run: (options) => measure("pretrained:glyphs32", REFINED_BUDGETS, timeRefinement, options),
  },
];

export const browserSection: Section = {
  title: "In a browser, milliseconds",
  columns: ["case", "action", "median", "slowest", "budget"],
  cases,
};
