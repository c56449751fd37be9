/** @file The studio in a real browser: by mouse and by keyboard, beside what the command line draws, and while a run is trained. */
import { appendFileSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readNpz } from "../../src/io/numpy/npz.js";
import { refine } from "../../src/refinement/refine.js";
import { openRun } from "../../src/training/run/open-run.js";
import { saveModel } from "../../src/training/run/save-model.js";
import { hasChromium, launchChromium } from "../support/chromium.js";
import { discs, sharedStrata, temporaryFolder, tiny } from "../support/command-line.js";
import {
  commandWords,
  drawnByProgram,
  pixels,
  type StartedStudio,
  settled,
  startStudio,
  violations,
} from "../support/studio.js";
import { tinyEnlarger, discs as tinyImages, tinyModel } from "../support/tiny.js";

const folder = temporaryFolder();
const runs = join(folder, "runs");
const picture = join(folder, "my picture.png");

/** One line of a log. */
const line = (step: number): string =>
  `${JSON.stringify({
    ...{ type: "train", step, images: 8 * step, seconds: step, imagesPerSecond: 8, dataWaitShare: 0 },
    ...{ lossNats: 900 / step, distortionNats: 600 / step, klNats: 300 / step, klWeightedNats: 300, spectral: 0 },
    ...{ learningRate: 0.001, gradientNorm: 1, skips: 0, groupKlNats: [10, 20, 30] },
  })}\n`;

const runLine = `${JSON.stringify({
  ...{ type: "run", time: "2026-11-30T12:00:00.000Z", version: "0.1.0", node: "v20", threads: 2, preset: "custom" },
  ...{ data: "discs", trainImages: 10, validationImages: 0, parameters: 1, resumedFrom: null, seconds: 0 },
  groups: [1, 4, 8].map((resolution, index) => ({ index, resolution, channels: 4, share: (index + 1) / 6 })),
})}\n`;

describe.skipIf(!hasChromium)("the studio", () => {
  let browser: Browser;
  let studio: StartedStudio;
  let context: BrowserContext;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    const classed = tinyModel({ model: { classes: 4 } }, 2);
    await saveModel(join(runs, "classed"), classed, { ema: classed.parameters });
    writeFileSync(join(runs, "classed", "metrics.jsonl"), runLine + line(10) + line(20));
    const refined = tinyModel({ model: { classes: 4 } }, 4);
    await saveModel(join(runs, "refined"), refined, { ema: refined.parameters });
    const images = tinyImages(12, { labels: true });
    const out = join(runs, "refined", "refinement");
    await refine(await openRun(join(runs, "refined")), { images, out, groups: 1, draws: 64, limit: { steps: 6 } });
    const plain = tinyModel({ model: { classes: 0 } }, 3);
    await saveModel(join(runs, "plain"), plain, { ema: plain.parameters });
    const larger = tinyModel(tinyEnlarger(8, 4));
    await saveModel(join(runs, "larger"), larger, { ema: larger.parameters });
    mkdirSync(join(runs, "damaged"));
    for (const name of ["config.json", "data.json"]) writeFileSync(join(runs, "damaged", name), "{");
    await sharp({ create: { width: 20, height: 14, channels: 3, background: "#d05020" } })
      .png()
      .toFile(picture);
    [browser, studio] = await Promise.all([
      launchChromium(),
      startStudio("studio", runs, "--no-open", "--threads", "1"),
    ]);
    context = await browser.newContext({ viewport: { width: 1360, height: 900 }, reducedMotion: "reduce" });
    page = await context.newPage();
    page.on("pageerror", ({ message }) => problems.push(message));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    await page.goto(studio.url);
  });
  afterAll(async () => {
    await browser?.close();
    studio?.child.kill("SIGINT");
    await studio?.ended;
  });

  /** Goes to the page with settings in its address, as a bookmark does. */
  async function open(hash: string): Promise<void> {
    await page.goto("about:blank");
    await page.goto(`${studio.origin}/#${hash}`);
    if (!hash.includes("view=live")) await settled(page);
  }
  let ids: Record<string, string>;
  beforeEach(async () => {
    if (ids) return;
    await page.waitForFunction(() => location.hash.includes("model="));
    const models = await page.evaluate(async () => (await fetch("api/models")).json());
    ids = Object.fromEntries((models as { name: string; id: string }[]).map(({ name, id }) => [name, id]));
  });

  /** What the command on the page draws, RGB of each picture. */
  async function drawnByCommand(): Promise<number[][]> {
    const words = await commandWords(page);
    const out = join(folder, "drawn.npz");
    const { code, stderr } = await sharedStrata(
      ...words.slice(0, -1).map((word) => (word === "my picture.png" ? picture : word)),
      out,
    );
    expect(code, stderr).toBe(0);
    const { shape, data } = readNpz(readFileSync(out), out).get("arr_0")!;
    const size = shape.slice(1).reduce((product, n) => product * n, 1);
    return Array.from({ length: shape[0] }, (_, index) => [
      ...(data as Uint8Array).subarray(index * size, (index + 1) * size),
    ]);
  }

  test("the address is good once: then a cookie, and no token in the history", async () => {
    expect(page.url()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/(#|$)/);
    const other = await browser.newContext();
    const answer = await (await other.newPage()).goto(studio.url);
    expect(answer!.status()).toBe(401);
    await other.close();
  });

  test("what is on screen is what the command beside it draws, to the byte", async () => {
    const states = [
      "n=2&seed=3",
      "n=2&seed=3&label=1&i=3:2&keep=2&t=8:0.5&wm=1&wv=0.5",
      "n=2&seed=3&i=7:1&keep=1",
      "n=2&seed=3&i=3:0&keep=3&to=5:1",
    ];
    for (const state of states) {
      await open(`model=${ids.classed}&${state}`);
      expect(await pixels(page), state).toEqual(await drawnByCommand());
      if (state.includes("wm=")) expect(await pixels(page)).toEqual(await drawnByProgram(page, folder, 2));
    }
    for (const state of ["label=2&wm=0.5", "seed=3&i=7:1&keep=1", "seed=3&i=3:1&keep=2&to=5:1"]) {
      await open(`model=${ids.classed}&n=2&${state}&x=${encodeURIComponent(await largerId())}`);
      const enlarged = await pixels(page);
      expect(enlarged[0]).toHaveLength(3 * 16 * 16);
      expect(enlarged, state).toEqual(await drawnByCommand());
      if (state.includes("keep=1")) expect(enlarged).toEqual(await drawnByProgram(page, folder, 2));
    }
  });

  const largerId = async (): Promise<string> =>
    (
      await page.evaluate(
        async () => (await (await fetch("api/models")).json()) as { name: string; enlargers: { id: string }[] }[],
      )
    ).find(({ name }) => name === "classed")!.enlargers[0].id;

  test("a picture of one's own: its class is asked for, then its bars, its variations, a path to a sample", async () => {
    await open(`model=${ids.classed}&n=2`);
    await page.setInputFiles('input[aria-label="Your picture"]', picture);
    await page.selectOption(".banner select", { label: "c" });
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter"); // the button beside it
    await page.waitForSelector("text=of your picture");
    await settled(page);
    expect(await page.textContent(".banner")).toContain("my picture.png");
    expect(await pixels(page)).toEqual(await drawnByCommand());
    expect(await page.evaluate(() => location.hash)).not.toContain("keep");
    await page.click('button:has-text("Path to another")');
    await settled(page);
    await page.click('[aria-label^="Sample 2"]');
    await page.waitForSelector('[aria-label^="Step 3 of 3"]');
    await settled(page);
    expect(await pixels(page)).toEqual(await drawnByCommand());
    expect(await pixels(page)).toEqual(await drawnByProgram(page, folder, 2));
  });

  test("a file that is no picture is refused in a sentence, and nothing is lost", async () => {
    await open(`model=${ids.plain}&n=2`);
    const before = await pixels(page);
    await page.setInputFiles('input[aria-label="Your picture"]', {
      ...{ name: "evil.png", mimeType: "image/png", buffer: Buffer.from("<svg><script/></svg>") },
    });
    await page.waitForSelector('[role="alert"]');
    expect(await page.textContent('[role="alert"]')).toContain("cannot be read as an image");
    await page.click('[aria-label="Dismiss"]');
    await settled(page);
    expect(await pixels(page)).toEqual(before);
    expect(problems.splice(0).filter((each) => !each.includes("422"))).toEqual([]);
  });

  test("a refinement draws where there is one, until it is turned off; each weight of its guidance has a picture", async () => {
    await open(`model=${ids.refined}&n=2&seed=3`);
    expect(await page.evaluate(() => location.hash)).toContain("r=1&t=1:0.7,4:0.7,8:0.7");
    const begun = await pixels(page);
    expect(begun).toEqual(await drawnByCommand());
    expect(begun).toEqual(await drawnByProgram(page, folder, 2));
    await page.click('[aria-label="Weight 3"]');
    await settled(page);
    const guided = await pixels(page);
    expect(guided).not.toEqual(begun);
    expect(guided).toEqual(await drawnByCommand());
    expect(await violations(page)).toEqual([]);
    await page.uncheck(".check input");
    await settled(page);
    expect(await page.evaluate(() => location.hash)).toContain("r=off");
    expect(await page.textContent(".code")).not.toContain("--refined");
    expect(await pixels(page)).toEqual(await drawnByCommand());
    await open((await page.evaluate(() => location.hash)).slice(1)); // a bookmark of it stays off
    expect(await page.isChecked(".check input")).toBe(false);
    await open(`model=${ids.refined}&n=2&i=3:1&keep=1`);
    expect(await pixels(page)).toEqual(await drawnByCommand());
  });

  test("by keyboard alone: bars, bits, pad, temperature, class, seed, grid, reset", async () => {
    await open(`model=${ids.classed}&n=2`);
    const hash = () => page.evaluate(() => location.hash);
    await page.focus('[aria-label="Latent groups to keep"] [aria-checked="true"]');
    for (const key of ["ArrowDown", "End", "ArrowUp"]) await page.keyboard.press(key);
    expect(await hash()).toContain("keep=2");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toContain("The first 2");
    await page.focus('[aria-label="Bits to keep"]');
    await page.keyboard.press("ArrowRight");
    expect(await hash()).toContain("keep=3");
    await page.keyboard.press("Home");
    expect(await hash()).toContain("keep=0");
    await page.focus('[aria-label="Guidance weights"] [tabindex="0"]');
    for (const key of ["ArrowRight", "ArrowRight", "ArrowDown"]) await page.keyboard.press(key);
    expect(await hash()).toMatch(/wm=1&wv=0.5/);
    await page.focus('[aria-label="Temperature at 4 by 4"]');
    await page.keyboard.press("ArrowLeft");
    expect(await hash()).toContain("t=4:0.95");
    await page.focus("select >> nth=1");
    await page.keyboard.press("ArrowDown");
    expect(await hash()).toContain("label=0");
    await page.focus(".seed");
    await page.keyboard.press("ArrowUp");
    expect(await hash()).toContain("seed=1");
    await settled(page);
    await page.focus('button:has-text("Reset")');
    await page.keyboard.press("Enter");
    expect(await hash()).toBe(`#model=${ids.classed}`);
    await settled(page);
    await page.focus('[aria-label^="Sample 3"]');
    await page.keyboard.press("Enter");
    expect(await hash()).toContain("i=0:3&keep=2");
    await page.focus('button:has-text("All samples")');
    await page.keyboard.press("Enter");
    expect(await hash()).not.toContain("i=");
    await settled(page);
  });

  test("by mouse: draw anew, pad, model; a model without classes has no pad and no class", async () => {
    await open(`model=${ids.classed}&n=2`);
    const before = await pixels(page);
    await page.click('button:has-text("Draw anew")');
    await settled(page);
    expect(await pixels(page)).not.toEqual(before);
    await page.click('[aria-label="Mean 4, variance 4"]');
    expect(await page.evaluate(() => location.hash)).toContain("wm=4&wv=4");
    await page.selectOption(".model-choice select", ids.plain);
    await page.waitForSelector("#guidance-title", { state: "detached" });
    await settled(page);
    expect(await page.evaluate(() => location.hash)).not.toContain("wm");
    expect(await pixels(page)).toEqual(await drawnByCommand());
  });

  test("an address restores what was on screen", async () => {
    await open(`model=${ids.classed}&n=3&seed=8&label=3`);
    await page.click('[aria-label^="Sample 4"]');
    await page.click('[aria-label="Mean 1, variance 0"]');
    await settled(page);
    const [seen, hash] = [await pixels(page), await page.evaluate(() => location.hash)];
    await open(hash.slice(1));
    expect(await pixels(page)).toEqual(seen);
  });

  test("the files that are downloaded hold what is on screen", async () => {
    await open(`model=${ids.classed}&n=2&label=1`);
    const saved = async (button: string) => {
      const [file] = await Promise.all([
        page.waitForEvent("download"),
        page.click(`.footer button:has-text("${button}")`),
      ]);
      return readFileSync((await file.path())!);
    };
    const arrays = readNpz(await saved("npz"), "a download");
    expect([...arrays.get("arr_0")!.data]).toEqual((await pixels(page)).flat());
    expect([...arrays.get("arr_1")!.data]).toEqual([1, 1, 1, 1]);
    const { width, height } = await sharp(await saved("PNG")).metadata();
    expect([width, height]).toEqual([2 * 66 + 2, 2 * 66 + 2]);
  });

  test("nothing is wrong with it for axe, nor too wide for a phone, in light and dark", async () => {
    const views = [`model=${ids.classed}&n=2&i=0:1&keep=2`, `view=live&runs=${ids.classed}`];
    for (const [index, view] of views.entries()) {
      await open(view);
      if (index === 1) await page.waitForSelector(".card");
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await violations(page), `${view} ${colorScheme}`).toEqual([]);
      }
      await page.setViewportSize({ width: 375, height: 740 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
      expect(await violations(page), `${view} on a phone`).toEqual([]);
      await page.setViewportSize({ width: 1360, height: 900 });
    }
    await page.emulateMedia({ colorScheme: "light" });
  });

  test("live: lines that come are shown, whatever happens to the connection; damage is told; later runs appear", async () => {
    await open(`view=live&runs=${ids.classed}`);
    const log = join(runs, "classed", "metrics.jsonl");
    const becomes = (state: string) =>
      page.evaluate((value) => {
        Object.defineProperty(document, "visibilityState", { value, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      }, state);
    const step = (value: number) => page.waitForSelector(`.card dd:has-text("${value} /")`);
    await step(20);
    appendFileSync(log, line(30));
    await step(30);
    await becomes("hidden"); // which closes the stream
    await page.route("**/api/live*", (route) => route.abort());
    await becomes("visible");
    await page.waitForSelector("text=Connection lost");
    appendFileSync(log, `${line(40)}{"type":"train"\n${line(50)}`);
    await page.unroute("**/api/live*");
    await step(50);
    await page.waitForSelector("text=Connection lost", { state: "detached" });
    await page.waitForSelector("text=One line of metrics.jsonl cannot be read");
    expect(await page.getAttribute('.plot[aria-label^="Objective"]', "data-points")).toBe("5"); // none twice
    expect(await page.getAttribute('.plot[aria-label^="Objective"]', "aria-label")).toContain("Last: objective 0.13");
    cpSync(join(runs, "plain"), join(runs, "later"), { recursive: true });
    await page.click('.run:has-text("later")');
    await page.waitForSelector('.card:has-text("later")');
    await page.click('.run:has-text("damaged")');
    await page.waitForSelector('.card [role="alert"]:has-text("Expected JSON")');
    problems.splice(0); // of the connection that was lost
  });

  /** Asks the server as no browser would. */
  async function ask(path: string, { method = "GET", body, ...headers }: Record<string, string | Buffer> = {}) {
    const [{ name, value }] = await context.cookies();
    return new Promise<{ status: number; text: string }>((resolve, reject) => {
      const asked = request(
        `${studio.origin}${path}`,
        {
          agent: false,
          method: String(method),
          headers: { cookie: `${name}=${value}`, origin: studio.origin, ...headers } as never,
        },
        async (answer) =>
          resolve({ status: answer.statusCode!, text: Buffer.concat(await answer.toArray()).toString() }),
      );
      asked.on("error", reject).end(body);
    });
  }

  test("the server itself refuses other hosts, other origins, large bodies, what is no request, and what lies elsewhere", async () => {
    const models = `/api/models/${ids.classed}`;
    const status = async (...asked: Parameters<typeof ask>) => (await ask(...asked)).status;
    expect(await status("/api/models")).toBe(200);
    expect(await status("/api/models", { cookie: "" })).toBe(401);
    expect(await status("/api/models", { host: "evil.example" })).toBe(421);
    expect(await status("/api/models", { host: "evil.example/@x y" })).not.toBe(200);
    expect(await status(`${models}/open`, { method: "POST", origin: "http://evil.example" })).toBe(403);
    const post = (body: Buffer | string, path = "draw") =>
      ask(`${models}/${path}`, { method: "POST", body: body as Buffer });
    for (const body of ["", "{", "[]", '{"pictures":[]}', '{"pictures":[{"recipe":{"kind":"other"}}]}']) {
      expect((await post(body)).status, body).toBe(422);
    }
    const recipe = { kind: "origin", origin: { seed: 0, sample: 0 } };
    const drawn = (more: object) => post(JSON.stringify({ pictures: [{ recipe, label: 0, ...more }] }));
    expect((await drawn({})).status).toBe(200);
    expect((await drawn({ label: 9 })).text).toContain("Expected labels from 0 to 3");
    expect((await drawn({ temperature: -1 })).status).toBe(422);
    expect((await drawn({ recipe: { kind: "origin", origin: { image: "0".repeat(24) } } })).text).toContain(
      "Drop it here again",
    );
    for (const [path, bytes] of [
      ["draw", "1000001"],
      ["images?seed=0&label=0", "25000001"],
    ]) {
      expect(await status(`${models}/${path}`, { method: "POST", "content-length": bytes }), path).toBe(413);
    }
    expect((await post(Buffer.from("GIF89a"), "images?seed=0&label=0")).text).toContain("cannot be read as an image");
    expect((await post(readFileSync(picture), "images?seed=0")).status).toBe(422); // without its class
    writeFileSync(join(folder, "secret.png"), "secret");
    symlinkSync(join(folder, "secret.png"), join(runs, "classed", "samples", "step-000001.png"));
    for (const path of [
      `${ids.classed}/samples/1`,
      `${ids.classed}/samples/2`,
      "other/samples/1",
      `${ids.classed}/config/1`,
    ]) {
      expect(await status(`/api/runs/${path}`), path).toBe(404);
    }
    for (const path of [
      "/../cli.js",
      "/%2e%2e/cli.js",
      "/licenses.txt",
      `/api/runs/${ids.classed}/samples/..%2f..%2fdata.json`,
    ]) {
      expect(await status(path), path).toBe(404);
    }
  });

  test("nothing was refused by the policies of the page, and nothing failed in it", () => {
    expect(problems).toEqual([]);
  });

  test("a run while it is trained: curves and pictures come by themselves, on one slider, and its model can be played with", async () => {
    const data = await discs(join(folder, "discs"), ["a", "b"], 20);
    const often = ["evaluateEvery=40", "sampleEvery=40", "checkpointEvery=80", "logEvery=5", "steps=100000"];
    const settings = often.map((each) => `training.${each}`);
    const out = join(folder, "trained");
    const words = [
      "train",
      ...tiny,
      ...settings,
      "--data",
      `folder:${data}`,
      "--out",
      out,
      "--studio",
      "--threads",
      "1",
    ];
    const training = await startStudio(...words);
    const second = await context.newPage();
    try {
      await second.goto(training.url); // there is nothing to play with yet: it shows the run
      await second.waitForSelector(".badge");
      await second.waitForSelector(".pictures img");
      const slider = second.locator('[aria-label="Step of the pictures"]');
      await second.waitForFunction(() => Number(document.querySelector<HTMLInputElement>(".scrubber input")?.max) >= 2);
      expect(await second.textContent(".scrubber output")).toContain("newest");
      await slider.focus();
      await second.keyboard.press("Home");
      expect(await slider.getAttribute("aria-valuetext")).toBe("step 40");
      expect(await second.getAttribute(".pictures img", "src")).toMatch(/\/samples\/40$/);
      await second.keyboard.press("ArrowRight");
      expect(await slider.getAttribute("aria-valuetext")).toBe("step 80");
      await second.click('button:has-text("reconstructions")');
      expect(await second.getAttribute(".pictures img", "src")).toMatch(/\/reconstructions\/80$/);
      await second.click('[aria-label="Play the steps"]');
      await second.waitForFunction(() => document.querySelector(".scrubber input")?.ariaValueText !== "step 80");
      await slider.focus();
      await second.keyboard.press("End"); // new ones come as fast as they are played
      await second.waitForFunction(() => document.querySelector(".scrubber output")?.textContent?.includes("newest"));
      await second.click('button:has-text("Play with it")');
      await settled(second);
      expect(await pixels(second)).toHaveLength(16);
      expect(training.child.exitCode).toBeNull();
    } finally {
      await second.close();
      training.child.kill("SIGINT");
    }
    const { code, stdout, stderr } = await training.ended;
    expect(code, stderr).toBe(130);
    expect(stdout).toContain("Interrupted after");
  });

  test("a training that is done leaves its studio open, until Ctrl-C", async () => {
    const words = [
      "train",
      ...tiny,
      "--data",
      `folder:${join(folder, "discs")}`,
      "--out",
      join(folder, "short"),
      "--studio",
    ];
    const training = await startStudio(...words, "--threads", "1");
    await new Promise<void>((resolve) => {
      training.child.stderr!.on("data", (text: string) => {
        if (text.includes("stays open")) resolve();
      });
    });
    const { status } = await fetch(training.url, { redirect: "manual" });
    expect(status).toBe(303);
    training.child.kill("SIGINT");
    const { code, stdout } = await training.ended;
    expect(code).toBe(130);
    expect(stdout).toContain("Trained 8 steps");
  });
});
