/** @file `strata-vae/web` in a real Chromium: the pictures that Node draws, and what goes wrong told in sentences. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeImage } from "../../src/data/decoding/decode.js";
import { Cascade } from "../../src/inference/sampling/cascade.js";
import { Sampler } from "../../src/inference/sampling/sampler.js";
import { latentsOfSamples } from "../../src/latents/latents.js";
import { refine } from "../../src/refinement/refine.js";
import { openRefinement } from "../../src/refinement/refinement.js";
import { hasChromium, launchChromium } from "../support/chromium.js";
import { temporaryFolder } from "../support/command-line.js";
import { LIBRARY_PAGE } from "../support/library-page.js";
import { repository } from "../support/packed.js";
import { discs, tinyEnlarger, tinyModel, tinySuperResolution } from "../support/tiny.js";
import { drawnInBrowser, drawnInNode, expectAlike, exportedModel, goldenModel } from "../support/web-parity.js";
import { ISOLATED, serveFolders, type WebServer } from "../support/web-server.js";

const model = goldenModel();
const dist = join(repository, "dist");
const inNode = drawnInNode(model);

describe.skipIf(!hasChromium)("strata-vae/web", () => {
  let folder: string;
  let browser: Browser;
  let server: WebServer;
  let other: WebServer;
  beforeAll(async () => {
    folder = await exportedModel(model);
    browser = await launchChromium();
    server = await serveFolders({
      folders: { "/model": folder, "/lib": dist },
      pages: { "/index.html": LIBRARY_PAGE },
    });
    // Another origin, as a CDN is, which lets any page read.
    other = await serveFolders({ folders: { "/lib": dist, "/model": folder }, headers: CDN });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await other?.close();
  });

  const opened = async (origin = server.origin): Promise<Page> => {
    const page = await browser.newPage();
    await page.goto(`${origin}/`);
    return page;
  };

  test("draws what Node draws: plain, guided, resampled, encoded, interpolated", async () => {
    const page = await opened();
    expectAlike(await drawnInBrowser(page, { device: "wasm" }), await inNode);
    expect(page.url()).toBe(`${server.origin}/`);
    await page.close();
  });

  test("with threads, on an isolated page", async () => {
    const isolated = await serveFolders({
      folders: { "/model": folder, "/lib": dist },
      pages: { "/index.html": LIBRARY_PAGE },
      headers: ISOLATED,
    });
    const page = await opened(isolated.origin);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    expectAlike(await drawnInBrowser(page, { device: "wasm", threads: 2 }), await inNode);
    await page.close();
    await isolated.close();
  });

  test.each([
    ["a mixture of logistics, drawn with noise of its own", { objective: { output: "logistic-mixture", mixtures: 2 } }],
    ["a super-resolution model", { model: tinySuperResolution, objective: { informationSchedule: false } }],
  ] as const)("draws %s", async (_, changes) => {
    const tiny = tinyModel(changes);
    const small = tiny.config.model.superResolution
      ? Float32Array.from({ length: 3 * 48 }, (_, i) => Math.sin(i))
      : undefined;
    const served = await serveFolders({
      folders: { "/model": await exportedModel(tiny), "/lib": dist },
      pages: { "/index.html": LIBRARY_PAGE },
    });
    const page = await opened(served.origin);
    const images = await page.evaluate(
      async (lowResolution) => {
        const { load } = await importStrata("/lib/web.js");
        const loaded = await load("model");
        const options = {
          count: 3,
          seed: 4,
          ...(lowResolution ? { lowResolution: Float32Array.from(lowResolution) } : {}),
        };
        const { images } = await loaded.sample(options);
        loaded.dispose();
        return [...images];
      },
      small && [...small],
    );
    await using sampler = new Sampler(tiny, { batch: 3 });
    const expected = await sampler.sample({ count: 3, seed: 4, ...(small ? { lowResolution: small } : {}) });
    expectAlike({ images }, { images: [...expected.images] });
    await page.close();
    await served.close();
  });

  test("a cascade draws what Node's does, from a seed or from given noise", async () => {
    const classes = { model: { classes: 4 } };
    const base = tinyModel(classes);
    const enlarger = tinyModel(tinyEnlarger(8, 4), 2);
    const both = await exportedModel(base, { enlarger: { model: enlarger, run: "runs/large" } });
    const alone = await exportedModel(base);
    const served = await serveFolders({
      folders: { "/model": both, "/alone": alone, "/lib": dist },
      pages: { "/index.html": LIBRARY_PAGE },
    });
    const page = await opened(served.origin);
    const drawn = await page.evaluate(async () => {
      const { loadCascade, latentsOfSamples } = await importStrata("/lib/web.js");
      const cascade = await loadCascade("model", { temperature: 0.5 });
      const latents = latentsOfSamples(cascade.base.config, [0, 1, 2], { seed: 9 });
      const guidance = { mean: 1, variance: 0.5 };
      const [plain, guided, given] = [
        await cascade.sample({ count: 3, seed: 4 }),
        await cascade.sample({ count: 3, seed: 4, guidance }),
        await cascade.sample({ count: 3, seed: 4, samples: [5, 5, 5], latents, labels: Int32Array.of(1, 2, 3) }),
      ].map(({ images }) => [...images]);
      const { enlarger } = cascade.base.info;
      cascade.dispose();
      const refused = await loadCascade("alone").then(String, ({ message }: Error) => message);
      return { plain, guided, given, enlarger, refused };
    });
    await using cascade = new Cascade(new Sampler(base, { batch: 3 }), new Sampler(enlarger, { batch: 3 }), {
      temperature: 0.5,
    });
    const latents = latentsOfSamples(base.config.model, [0, 1, 2], { seed: 9 });
    const guidance = { mean: 1, variance: 0.5 };
    const expected = {
      plain: await cascade.sample({ count: 3, seed: 4 }),
      guided: await cascade.sample({ count: 3, seed: 4, guidance }),
      given: await cascade.sample({
        ...{ count: 3, seed: 4, samples: [5, 5, 5], latents },
        labels: Int32Array.of(1, 2, 3),
      }),
    };
    for (const [how, { images }] of Object.entries(expected))
      expectAlike({ [how]: drawn[how as keyof typeof expected] }, { [how]: [...images] });
    expect(drawn.enlarger).toEqual({
      path: "superres/manifest.json",
      name: "large",
      run: "runs/large",
      resolution: 16,
    });
    expect(drawn.refused).toContain("/alone/manifest.json was exported alone");
    await page.close();
    await served.close();
  });

  test("draws with a refinement, each image with guidance of its own", async () => {
    const tiny = tinyModel({ model: { classes: 4 } });
    const place = join(temporaryFolder(), "flow");
    const learnt = { images: discs(12, { labels: true }), out: place, groups: 1, draws: 64, limit: { steps: 12 } };
    await refine(tiny, learnt);
    const refinement = await openRefinement(tiny, place, { steps: 2 });
    const served = await serveFolders({
      folders: { "/model": await exportedModel(tiny, { refinement }), "/lib": dist },
      pages: { "/index.html": LIBRARY_PAGE },
    });
    const page = await opened(served.origin);
    const drawn = await page.evaluate(async () => {
      const { load } = await importStrata("/lib/web.js");
      const loaded = await load("model");
      const { images } = await loaded.sample({ count: 3, seed: 4, refined: true, refineGuidance: [0, 1, 3] });
      const { groups } = loaded.info.refinement!;
      loaded.dispose();
      return { images: [...images], groups };
    });
    await using sampler = new Sampler(tiny, { batch: 3, refinement });
    const expected = await sampler.sample({ count: 3, seed: 4, refineGuidance: [0, 1, 3] });
    expectAlike({ images: drawn.images }, { images: [...expected.images] });
    expect(drawn.groups).toBe(1);
    await page.close();
    await served.close();
  });

  test("from a CDN: library, thread, runtime and model come from another origin, the runtime only where it is named", async () => {
    const page = await opened();
    const first = await page.evaluate(async (cdn) => {
      const { load } = await importStrata(`${cdn}/lib/web.js`);
      const unnamed = await load(`${cdn}/model/`).catch((error) => error);
      const loaded = await load(`${cdn}/model/`, { runtime: `${cdn}/model/` });
      const { images } = await loaded.sample({ count: 2, seed: 3 });
      loaded.dispose();
      return { problem: unnamed.message, code: unnamed.code, images: [...images] };
    }, other.origin);
    expect(first.code).toBe("environment");
    expect(first.problem).toMatch(/of another origin than this page, .*Say where to load the runtime from: `runtime`/);
    const { plain } = await inNode;
    expectAlike({ images: first.images }, { images: plain.slice(0, first.images.length) });
    await page.close();
  });

  test("under a strict content security policy", async () => {
    const policy =
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src 'self' blob:; style-src 'self'";
    const strict = await serveFolders({
      folders: { "/model": folder, "/lib": dist },
      pages: {
        "/index.html": LIBRARY_PAGE,
        "/page.js":
          "import { load } from '/lib/web.js'; globalThis.result = load('model').then((m) => m.sample({ count: 1 })).then(({ count }) => count, (e) => e.message);",
        "/strict.html": `<!doctype html><title>A page</title><script type="module" src="/page.js"></script>`,
      },
      headers: { "Content-Security-Policy": policy },
    });
    const page = await browser.newPage();
    await page.goto(`${strict.origin}/strict.html`);
    await page.waitForFunction("globalThis.result");
    expect(await page.evaluate("globalThis.result")).toBe(1);
    await page.close();
    await strict.close();
  });

  test("tells what is wrong with the files, and which", async () => {
    const damage: Record<string, (bytes: Buffer) => Buffer> = {
      "/flipped/model/weights.f32.bin": (bytes) => Buffer.from(bytes.map((byte, i) => (i === 5 ? byte ^ 1 : byte))),
      "/cut/model/sampler.onnx": (bytes) => bytes.subarray(0, 100),
      "/old/manifest.json": (bytes) => Buffer.from(bytes.toString().replace('"version": 1', '"version": 0')),
      "/text/manifest.json": () => Buffer.from("<!doctype html>"),
    };
    const names = ["flipped", "cut", "old", "text"];
    const hostile = await serveFolders({
      folders: { "/lib": dist, ...Object.fromEntries(names.map((name) => [`/${name}`, folder])) },
      pages: { "/index.html": LIBRARY_PAGE },
      intercept: (path, response) => {
        const change = damage[path];
        if (change) response.end(change(readFileSync(join(folder, path.replace(/^\/\w+/, "")))));
        return change !== undefined;
      },
    });
    const page = await opened(hostile.origin);
    const problems = await page.evaluate(
      async (folders) => {
        const { load } = await importStrata("/lib/web.js");
        const failures = folders.map((name) => load(name).catch(({ code, message }) => `${code}: ${message}`));
        return (await Promise.all(failures)) as string[];
      },
      [...names, "nowhere"],
    );
    expect(problems).toEqual([
      expect.stringMatching(/^damaged: .*\/flipped\/model\/weights\.f32\.bin is not the one .* expected SHA-256/),
      expect.stringMatching(/^damaged: .*\/cut\/model\/sampler\.onnx .* expected \d+ bytes, got 100/),
      expect.stringMatching(/^unsupported-format: .*\/old\/manifest\.json, but it has version 0.*Export the run again/),
      expect.stringMatching(/^damaged: .*\/text\/manifest\.json, but it is no JSON/),
      expect.stringMatching(/^not-found: .*\/nowhere\/manifest\.json, but the server answers 404/),
    ]);
    await page.close();
    await hostile.close();
  });

  test("tells its progress, stops when it is told to, and rejects what is asked of it afterwards", async () => {
    const page = await opened();
    const told = await page.evaluate(async () => {
      const { load, toImageData } = await importStrata("/lib/web.js");
      const progress: { done: number; total: number }[] = [];
      const early = new AbortController();
      const aborted = load("model", { signal: early.signal, onProgress: () => early.abort(new Error("enough")) });
      const why = await aborted.catch((error) => error.message);
      const loaded = await load("model", { onProgress: (each) => progress.push(each) });
      const stop = new AbortController();
      const parts: number[] = [];
      const onImages = (_: unknown, first: number) => {
        parts.push(first);
        stop.abort(new Error("seen enough"));
      };
      const dropped = await loaded
        .sample({ count: 40, batch: 2, onImages, signal: stop.signal })
        .catch((error) => error.message);
      const after = await loaded.sample({ count: 1 }); // the thread goes on with the next
      const image = toImageData(after, 0);
      const bad = await loaded
        .sample({ count: 1, labels: Int32Array.of(99) })
        .catch((error) => `${error.name}: ${error.message}`);
      const pending = loaded.sample({ count: 40 }).catch((error) => error.message);
      loaded.dispose();
      const disposed = await loaded.sample({ count: 1 }).catch((error) => error.message);
      return {
        why,
        dropped,
        parts,
        bad,
        pending: await pending,
        disposed,
        progress,
        alpha: image.data[3],
        side: image.width,
      };
    });
    expect(told.why).toBe("enough");
    expect(told).toMatchObject({ dropped: "seen enough", parts: [0], alpha: 255, side: 16 });
    expect(told.bad).toMatch(/^UserError: Expected labels from 0 to/);
    expect([told.pending, told.disposed]).toEqual(new Array(2).fill("This model has been disposed."));
    const { done, total } = told.progress.at(-1)!;
    expect(done).toBe(total);
    expect(told.progress.map((each) => each.done)).toEqual(
      told.progress.map((each) => each.done).toSorted((a, b) => a - b),
    );
    expect(told.progress[0].done).toBe(0);
    await page.close();
  });

  test("takes pictures as our decoder does: cropped and resized by the same filters, on white", async () => {
    const [width, height] = [50, 34];
    const noise = Buffer.from(
      Array.from({ length: 4 * width * height }, (_, i) => (i % 4 === 3 ? 255 : (i * 7919) % 251)),
    );
    const opaque = await sharp(noise, { raw: { width, height, channels: 4 } })
      .png()
      .toBuffer();
    const clear = noise.map((byte, i) => (i % 4 === 3 ? (i * 31) % 256 : byte));
    const transparent = await sharp(clear, { raw: { width, height, channels: 4 } })
      .png()
      .toBuffer();
    const page = await opened();
    const taken = await page.evaluate(
      async (files) => {
        const { fromPicture } = await importStrata("/lib/web.js");
        const blobs = files.map((bytes) => new Blob([Uint8Array.from(bytes)]));
        const pictures = await Promise.all(blobs.map((blob) => fromPicture(blob, 16)));
        const bad = await fromPicture(new Blob(["no picture"]), 16).catch((error) => `${error.code}: ${error.message}`);
        return { images: pictures.map(({ images }) => [...images]), bad };
      },
      [[...opaque], [...transparent]],
    );
    expect(taken.bad).toMatch(/^damaged: This browser cannot decode the picture/);
    expect(taken.images[0]).toEqual([...(await decodeImage(opaque, 16))]);
    // A canvas keeps colours multiplied by their alpha, in eight bits.
    const onWhite = await decodeImage(transparent, 16);
    const largest = taken.images[1].reduce((most, byte, i) => Math.max(most, Math.abs(byte - onWhite[i])), 0);
    expect(largest).toBeLessThanOrEqual(3);
    await page.close();
  });
});

const CDN = { "Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin" };
