/**
 * @file The examples for browsers, built as their readers build them, and run in Chromium: each shows what Node draws. Their model is
 * tiny here; the published one is drawn with in `web-site.test.ts`.
 */
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { build, createServer } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeImage } from "../../src/data/decoding/decode.js";
import { latentsOf } from "../../src/inference/sampling/encode-latents.js";
import { Sampler } from "../../src/inference/sampling/sampler.js";
import type { TrainedModel } from "../../src/inference/trained-model.js";
import { varyLatents } from "../../src/latents/latents.js";
import { exportWeb } from "../../src/weights/web/export-web.js";
import { hasChromium, launchChromium } from "../support/chromium.js";
import { temporaryFolder } from "../support/command-line.js";
import { repository } from "../support/packed.js";
import { tinyModel } from "../support/tiny.js";
import { expectAlike } from "../support/web-parity.js";
import { serveFolders } from "../support/web-server.js";

const examples = join(repository, "examples", "web");

/** In place of `pretrained:emoji32`, with two of its classes. */
const classes = ["Symbols", "Flags"];
const small = tinyModel({ model: { classes: classes.length } });
const model: TrainedModel = { ...small, data: { ...small.data, classes, classCounts: [6, 4] } };
const { resolution } = model.config.model;

describe.skipIf(!hasChromium)("examples for browsers", () => {
  const projects = temporaryFolder();
  const emoji = temporaryFolder();
  let browser: Browser;
  let sampler: Sampler;
  beforeAll(async () => {
    sampler = new Sampler(model, { batch: 8 });
    await exportWeb(model, emoji, { page: false });
    browser = await launchChromium();
    // What npm would install is linked, so that the test needs no network.
    for (const name of ["react", "react-dom", "scheduler"]) link(join(repository, "node_modules", name), name);
    link(repository, "strata-vae");
  });
  afterAll(async () => {
    await browser?.close();
    await sampler?.dispose();
  });

  function link(target: string, name: string): void {
    const path = join(projects, "node_modules", name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(target, path);
  }

  /** A copy of an example, with the model that its script exports. */
  function project(name: string): string {
    const root = join(projects, name);
    cpSync(join(examples, name), root, { recursive: true });
    cpSync(emoji, join(root, "public", "emoji"), { recursive: true });
    return root;
  }

  async function built(name: string) {
    const root = project(name);
    await build({ root, logLevel: "error", build: { emptyOutDir: true } });
    return serveFolders({ folders: { "/somewhere": join(root, "dist") } });
  }

  /** Opens a page; its status is told when it fails. */
  async function opened(url: string): Promise<Page> {
    const page = await browser.newPage();
    page.on("pageerror", (error) => {
      throw error;
    });
    await page.goto(url);
    return page;
  }

  /** Pixels of canvases, [N, 3, R, R], once there are so many and the page says so. */
  async function shown(page: Page, count: number, status: string): Promise<number[]> {
    await page.getByRole("status").getByText(status).waitFor({ timeout: 120_000 });
    const canvases = page.locator("#pictures canvas");
    expect(await canvases.count()).toBe(count);
    return canvases.evaluateAll((all) =>
      (all as HTMLCanvasElement[]).flatMap((canvas) => {
        const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
        return [0, 1, 2].flatMap((channel) => [...data].filter((_, index) => index % 4 === channel));
      }),
    );
  }

  test("plain HTML from a CDN", async () => {
    const cdn = await serveFolders({
      folders: { "": join(repository, "dist") },
      headers: { "Access-Control-Allow-Origin": "*" },
    });
    const html = readFileSync(join(examples, "plain.html"), "utf8");
    const address = /https:\/\/[^"]*\/dist(?=\/web\.js)/.exec(html)![0];
    expect(address).toContain(
      `strata-vae@${JSON.parse(readFileSync(join(repository, "package.json"), "utf8")).version}`,
    );
    const server = await serveFolders({
      pages: { "/index.html": html.replace(address, cdn.origin) },
      folders: { "/emoji": emoji },
    });
    const page = await opened(`${server.origin}/`);
    const first = await shown(page, 16, "seed 0, on wasm");
    expectAlike({ first }, { first: [...(await sampler.sample({ count: 16, seed: 0 })).images] });
    await page.getByRole("button", { name: "Draw anew" }).click();
    const second = await shown(page, 16, "seed 1, on wasm");
    expectAlike({ second }, { second: [...(await sampler.sample({ count: 16, seed: 1 })).images] });
    await page.close();
    await server.close();
    await cdn.close();
  });

  /** The Vite example with a picture: shows it, and its variations. */
  async function tryVariations(url: string): Promise<void> {
    const page = await opened(url);
    const noise = Buffer.from(Array.from({ length: 3 * 40 * 40 }, (_, i) => (i * 97) % 256));
    const png = await sharp(noise, { raw: { width: 40, height: 40, channels: 3 } })
      .blur(4)
      .png()
      .toBuffer();
    await page.getByText("Choose a picture.").waitFor({ timeout: 60_000 });
    await page.getByLabel("Class").selectOption("Flags");
    await page.getByLabel("Picture").setInputFiles({ name: "mine.png", mimeType: "image/png", buffer: png });
    const pictures = await shown(page, 8, "The first is your picture");
    const images = await decodeImage(png, resolution);
    const labels = Int32Array.of(1);
    const latents = await latentsOf(model, { images, count: 1, resolution, labels });
    const varied = varyLatents(model.config.model, latents, { groups: 3, count: 7 });
    const expected = await sampler.sample({ count: 7, latents: varied, labels: new Int32Array(7).fill(1) });
    expectAlike({ pictures }, { pictures: [...images, ...expected.images] });
    await page.close();
  }

  test("Vite, built", async () => {
    const server = await built("vite");
    await tryVariations(`${server.origin}/somewhere/`);
    await server.close();
  });

  test("Vite, while it is developed", async () => {
    const server = await createServer({
      root: project("vite"),
      logLevel: "error",
      server: { port: 0, fs: { strict: false } },
    });
    await server.listen();
    await tryVariations(server.resolvedUrls!.local[0]);
    await server.close();
  });

  test("React", async () => {
    const server = await built("react");
    const page = await opened(`${server.origin}/somewhere/`);
    await shown(page, 9, "seed 0: mean");
    await page.getByRole("combobox", { name: "Class" }).selectOption("Symbols");
    await page.getByRole("button", { name: "Other noise" }).click();
    const pad = await shown(page, 9, "seed 1: mean");
    const size = pad.length / 9;
    for (const [tile, guidance] of [
      { mean: 0, variance: 0 },
      { mean: 1, variance: 0 },
    ].entries()) {
      const { images } = await sampler.sample({ count: 1, seed: 1, labels: Int32Array.of(0), guidance });
      expectAlike({ tile: pad.slice(tile * size, (tile + 1) * size) }, { tile: [...images] });
    }
    await page.close();
    await server.close();
  });
});
