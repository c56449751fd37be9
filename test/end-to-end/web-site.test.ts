/** @file `strata export --format web`: a folder on any web server, at any path; what it draws, offline, and with files that are not as they were. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeImage } from "../../src/data/decoding/decode.js";
import { latentsOf } from "../../src/inference/sampling/encode-latents.js";
import { Sampler } from "../../src/inference/sampling/sampler.js";
import type { TrainedModel } from "../../src/inference/trained-model.js";
import { openRun } from "../../src/training/run/open-run.js";
import { parseWebManifest } from "../../src/web/manifest.js";
import { hasChromium, launchChromium } from "../support/chromium.js";
import { sharedStrata, temporaryFolder } from "../support/command-line.js";
import { LIBRARY_PAGE } from "../support/library-page.js";
import { pixels, settled } from "../support/studio.js";
import { tinyEnlarger, tinyModel } from "../support/tiny.js";
import { expectAlike, exportedModel, goldenModel } from "../support/web-parity.js";
import { serveFolders } from "../support/web-server.js";

const RUN = "pretrained:emoji32";
const site = join(temporaryFolder(), "site");

const strata = sharedStrata;

beforeAll(async () => {
  const { code, stderr } = await strata("export", RUN, "--format", "web", "--out", site);
  expect(stderr).not.toContain("Error");
  expect(code).toBe(0);
});

test("the folder has a page, the model in at most 8.2 MB, and the runtime; its texts name no host and no absolute path", () => {
  expect(readdirSync(site).sort()).toEqual(["app", "index.html", "manifest.json", "model", "ort", "sw.js"]);
  const { model, weights, graphs } = parseWebManifest(readFileSync(join(site, "manifest.json"), "utf8"), "manifest");
  expect(model).toMatchObject({ name: "emoji32", run: RUN, step: 8000 });
  expect(model.groups.every(({ share, klNats }) => share! > 0 && klNats! > 0)).toBe(true);
  const files = [weights, ...Object.values(graphs)];
  expect(files.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(8.2e6);
  const html = readFileSync(join(site, "index.html"), "utf8");
  const links = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, link]) => link);
  expect(links.length).toBeGreaterThan(2);
  for (const link of links) expect(existsSync(join(site, link)), link).toBe(true);
  expect(html).not.toMatch(/https?:/);
});

test("what does not go together is refused", async () => {
  const refused = async (...words: string[]) => (await strata("export", RUN, ...words)).stderr;
  const out = join(site, "other");
  expect(await refused("--format", "onnx", "--dtype", "float16", "--out", out)).toContain(
    "--dtype float16: expected with --format web alone",
  );
  expect(await refused("--format", "onnx", "--no-page", "--out", out)).toContain(
    "--no-page: expected with --format web alone",
  );
  expect(await refused("--format", "onnx", "--superres", "runs/large", "--out", out)).toContain(
    "--superres runs/large: expected with --format web alone",
  );
  expect(existsSync(out)).toBe(false);
});

describe.skipIf(!hasChromium)("in a browser", () => {
  let browser: Browser;
  let expected: Uint8Array;
  let model: TrainedModel;
  beforeAll(async () => {
    browser = await launchChromium();
    model = await openRun(RUN);
    await using sampler = new Sampler(model);
    expected = (await sampler.sample({ count: 4, seed: 0 })).images;
  });
  afterAll(() => browser?.close());

  /** Pixels of the grid of `#n=2`, [4, 3, 32, 32], once all are drawn. */
  async function drawn(page: Page): Promise<number[]> {
    await page.waitForFunction(() => document.querySelectorAll(".tile canvas.pixels:not(.empty)").length >= 4, null, {
      timeout: 120_000,
    });
    return page.evaluate(() =>
      [...document.querySelectorAll<HTMLCanvasElement>(".tile canvas")].flatMap((canvas) => {
        const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
        return [0, 1, 2].flatMap((channel) => [...data].filter((_, index) => index % 4 === channel));
      }),
    );
  }

  test("below a path, it draws what Node draws, asks no one else, and does so without a network afterwards", async () => {
    const server = await serveFolders({ folders: { "/a/lesson": site } });
    const context = await browser.newContext();
    const page = await context.newPage();
    const problems: string[] = [];
    const foreign: string[] = [];
    page.on("console", (message) => problems.push(message.text()));
    page.on("pageerror", (error) => problems.push(error.message));
    context.on("request", (request) => {
      if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(`${server.origin}/a/lesson/`))
        foreign.push(request.url());
    });
    await page.goto(`${server.origin}/a/lesson/#n=2`);
    expectAlike({ images: await drawn(page) }, { images: [...expected] });
    // Each file was asked for once: the service worker keeps what the page loads.
    const asked = server.requests.filter((path) => /\/(model|ort)\//.test(path));
    expect(asked).toHaveLength(new Set(asked).size);
    expect(asked.filter((path) => path.includes("asyncify"))).toEqual([]);
    await server.close();
    await page.reload();
    expectAlike({ images: await drawn(page) }, { images: [...expected] });
    // A picture of the visitor's is encoded, too: the first tile is drawn from its noise, as in Node.
    const disc = Buffer.from('<svg width="90" height="60"><circle cx="45" cy="30" r="20" fill="gold"/></svg>');
    const png = await sharp(disc).flatten({ background: "#2288dd" }).png().toBuffer();
    await page.getByLabel("Class").selectOption("Flags");
    await page.locator("input[type=file]").setInputFiles({ name: "disc.png", mimeType: "image/png", buffer: png });
    await page.getByText("of your picture").waitFor({ timeout: 60_000 });
    await page.waitForFunction(() => (globalThis as unknown as { strata: { idle(): boolean } }).strata.idle(), null, {
      timeout: 120_000,
    });
    const again = (await drawn(page)).slice(0, 3 * 32 ** 2);
    const images = { images: await decodeImage(png, 32), count: 1, resolution: 32, labels: Int32Array.of(8) };
    const latents = await latentsOf(model, images, { seed: 0 });
    await using sampler = new Sampler(model, { batch: 1 });
    expectAlike({ again }, { again: [...(await sampler.sample({ ...images, latents })).images] });
    expect(problems).toEqual([]);
    expect(foreign).toEqual([]);
    await context.close();
  });

  /**
   * The page of an exported model, and another page, which runs the programs that the first one shows.
   *
   * @param prepare - runs in the other page: `library` is what its programs import
   */
  async function beside(folder: string, prepare: () => Promise<void>, options: BrowserContextOptions = {}) {
    const dist = fileURLToPath(new URL("../../dist", import.meta.url));
    const server = await serveFolders({
      folders: { "/program/model": folder, "/lib": dist, "": folder },
      pages: { "/program/index.html": LIBRARY_PAGE },
    });
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const other = await context.newPage();
    await page.goto(`${server.origin}/#n=2`);
    await drawn(page);
    await page.getByRole("button", { name: "Web page" }).click();
    await other.goto(`${server.origin}/program/`);
    await other.evaluate(prepare);
    /** Pixels of a scene as the page and as its program draw them, and the program. */
    const both = async (scene: string) => {
      await page.evaluate((hash) => location.replace(hash), `#n=2&${scene}`);
      await settled(page);
      const program = (await page.locator(".code").textContent())!;
      const body = program.replace(/^import (\{.*\}) from "strata-vae\/web";/, "const $1 = library;");
      await other.evaluate(`document.body.replaceChildren(); (async () => {\n${body}\n})()`);
      return { program, shown: await pixels(page), programmed: await pixels(other, "canvas") };
    };
    return { server, context, page, both };
  }

  test("the program for a web page beside the pictures draws them in another page", async () => {
    const small = await exportedModel(goldenModel(), { page: true });
    const prepare = async () => {
      const library = await importStrata("/lib/web.js");
      const model = library.load("model/"); // once for all programs
      Object.assign(globalThis, { library: { ...library, load: () => model } });
    };
    const { server, context, both } = await beside(small, prepare, { serviceWorkers: "block" });
    for (const scene of ["seed=5&label=1&wm=1.5&wv=1&t=8:0.8", "i=3:1&keep=1", "i=3:1&to=3:2&label=0&keep=2"]) {
      const { program, shown, programmed } = await both(scene);
      expect(program).toContain("// strata export runs/model --format web --no-page --out model");
      expect({ scene, pixels: programmed }).toEqual({ scene, pixels: shown });
    }
    await context.close();
    await server.close();
  });

  test("it enlarges what it draws, as the program beside the pictures does", async () => {
    const enlarger = { model: tinyModel(tinyEnlarger(16)), run: "runs/large" };
    const folder = await exportedModel(goldenModel(), { page: true, enlarger });
    const { server, context, page, both } = await beside(folder, async () => {
      const library = await importStrata("/lib/web.js");
      const cascade = library.loadCascade("model/"); // once for all programs
      Object.assign(globalThis, { library: { ...library, loadCascade: () => cascade } });
    });
    for (const scene of ["seed=5&label=1&wm=1.5&wv=1&t=8:0.8", "seed=5&i=3:1&keep=1", "i=3:1&to=3:2&label=0&keep=2"]) {
      const { program, shown, programmed } = await both(`${scene}&x=large`);
      expect(program).toContain("// strata export runs/model --format web --superres runs/large --no-page --out model");
      expect(shown[0]).toHaveLength(3 * 32 * 32);
      expect({ scene, pixels: programmed }).toEqual({ scene, pixels: shown });
    }
    await server.close();
    await page.reload(); // the model that enlarges is kept too
    await settled(page);
    expect((await pixels(page))[0]).toHaveLength(3 * 32 * 32);
    await context.close();
  });

  test("damaged weights are told, and tried again when they are whole", async () => {
    let isDamaged = true;
    await using server = await serveFolders({
      folders: { "": site },
      intercept: (path, response) => {
        if (!isDamaged || !path.endsWith("weights.f16.bin")) return false;
        response.end("not weights");
        return true;
      },
    });
    const context = await browser.newContext({ serviceWorkers: "block" });
    const page = await context.newPage();
    await page.goto(`${server.origin}/#n=2`);
    const alert = page.getByRole("alert");
    await alert.waitFor({ timeout: 60_000 });
    expect(await alert.textContent()).toMatch(/weights\.f16\.bin is not the one that was exported/);
    isDamaged = false;
    await alert.getByRole("button").first().click();
    expectAlike({ images: await drawn(page) }, { images: [...expected] });
    await context.close();
  });
});
