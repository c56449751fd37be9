/** @file A visitor's browser: what the page of an exported model waits for, in Chromium on WebAssembly with one thread. */
import { join } from "node:path";
import { bundleForBrowsers } from "../../scripts/bundle.js";
import { openRun } from "../../src/training/run/open-run.js";
import { exportWeb } from "../../src/weights/web/export-web.js";
import { hasChromium, launchChromium } from "../../test/support/chromium.js";
import { LIBRARY_PAGE } from "../../test/support/library-page.js";
import { serveFolders } from "../../test/support/web-server.js";
import { median } from "../measure.js";
import { withFolder } from "../scratch.js";
import { type BenchOptions, type Case, digits, type Line, type Section } from "../suite.js";

const RUN = "pretrained:emoji32";
const ROUNDS = 10;

/** Milliseconds that each action took, round by round. */
type Times = Record<keyof typeof BUDGETS, number[]>;

/** What each action may take, ms. */
const BUDGETS = {
  start: { title: "start with cached files, to the first picture", ms: 2000 },
  preview: { title: "one picture", ms: 100 },
  firstFour: { title: "draw anew, the first 4 of 16", ms: 250 },
  sixteen: { title: "draw anew, all 16", ms: 600 },
  guided: { title: "the same, guided", ms: 900 },
  picture: { title: "own picture: decode, encode, 16 that keep half of its groups", ms: 1200 },
} as const;

async function measure({ rounds = ROUNDS }: BenchOptions): Promise<Line[]> {
  if (!hasChromium) return [{ cells: ["Chromium is not installed", "", "", ""], data: {} }];
  return withFolder(async (folder) => {
    const [model, library] = [join(folder, "model"), join(folder, "lib")];
    await exportWeb(await openRun(RUN), model, { page: false });
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
      return Object.entries(BUDGETS).map(([name, { title, ms: budget }]) => {
        const all = times[name as keyof Times];
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

/** Runs in the page. */
async function timed(rounds: number): Promise<Times> {
  const { fromPicture, latentsAt, load, varyLatents } = await importStrata("/lib/web.js");
  const times: Times = { start: [], preview: [], firstFour: [], sixteen: [], guided: [], picture: [] };
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
    for (const [name, ms] of Object.entries(took)) times[name as keyof Times].push(ms);
  }
  model.dispose();
  return times;
}

const inBrowser: Case = { id: "browser/wasm", title: `\`${RUN}\`, one thread`, run: measure };

export const browserSection: Section = {
  title: "In a browser, milliseconds",
  columns: ["case", "action", "median", "slowest", "budget"],
  cases: [inBrowser],
};
