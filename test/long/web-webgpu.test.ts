/** @file `strata-vae/web` on WebGPU, in Chromium on a software Vulkan: an image at a time, which takes seconds there. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hasChromium, launchChromium } from "../support/chromium.js";
import { LIBRARY_PAGE } from "../support/library-page.js";
import { repository } from "../support/packed.js";
import { drawnInBrowser, drawnInNode, expectAlike, exportedModel, goldenModel } from "../support/web-parity.js";
import { serveFolders } from "../support/web-server.js";

describe.skipIf(!hasChromium)("strata-vae/web on WebGPU", () => {
  test("draws what Node draws: plain, guided, resampled, encoded, interpolated", async () => {
    const model = goldenModel();
    await using server = await serveFolders({
      folders: { "/model": await exportedModel(model), "/lib": join(repository, "dist") },
      pages: { "/index.html": LIBRARY_PAGE },
    });
    const browser = await launchChromium({ webgpu: true });
    try {
      const page = await browser.newPage();
      await page.goto(`${server.origin}/`);
      expect(await page.evaluate(async () => (await navigator.gpu?.requestAdapter()) != null)).toBe(true);
      expectAlike(await drawnInBrowser(page, { device: "webgpu", batch: 1 }), await drawnInNode(model));
      // By itself it is not chosen: software is slower than WebAssembly.
      const chosen = await page.evaluate(async () => {
        const { load } = await importStrata("/lib/web.js");
        const loaded = await load("model");
        loaded.dispose();
        return loaded.device;
      });
      expect(chosen).toBe("wasm");
    } finally {
      await browser.close();
    }
  });
});
