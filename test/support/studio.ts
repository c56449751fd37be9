/** @file A page of the studio, as a test uses it. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { type Started, start } from "./command-line.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));

/** A command line that has said where its studio is. */
export interface StartedStudio extends Started {
  url: string;
  origin: string;
}

/** Starts a command that opens a studio, and waits until it has said where. */
export async function startStudio(...words: string[]): Promise<StartedStudio> {
  const started = start(...words);
  const url = await new Promise<string>((resolve, reject) => {
    let text = "";
    const look = (chunk: string) => {
      text += chunk;
      const found = /http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{32}/.exec(text);
      if (found) resolve(found[0]);
    };
    started.child.stdout!.on("data", look);
    started.child.stderr!.on("data", look);
    started.ended.then(({ code }) => reject(new Error(`The command ended with ${code}: ${text}`)), reject);
  });
  return { ...started, url, origin: new URL(url).origin };
}

/** Waits until the page has drawn all that it was asked for. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const { strata } = globalThis as unknown as { strata?: { idle(): boolean } };
    const tiles = document.querySelector(".tiles");
    return strata?.idle() && tiles && !tiles.classList.contains("stale") && !document.querySelector(".tile .empty");
  });
}

/** The pixels of the grid, or of other canvases, RGB of each picture. */
export const pixels = (page: Page, canvases = ".tile canvas"): Promise<number[][]> =>
  page.evaluate(
    (selector) =>
      [...document.querySelectorAll<HTMLCanvasElement>(selector)].map((canvas) => {
        const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
        return [...data].filter((_, index) => index % 4 !== 3);
      }),
    canvases,
  );

/** The words of the command that the page shows. */
export async function commandWords(page: Page): Promise<string[]> {
  await page.click('.segments button:has-text("Command")');
  const text = (await page.textContent(".code")) ?? "";
  const words = text.replaceAll("\\\n", " ").match(/'[^']*'|\S+/g) ?? [];
  return words.slice(1).map((word) => word.replaceAll("'", ""));
}

/**
 * The pixels that the program on the page draws, RGB of each picture.
 *
 * @param folder - where it is run; `my picture.png` and the like lie there
 * @param side - pictures a row
 */
export async function drawnByProgram(page: Page, folder: string, side: number): Promise<number[][]> {
  await page.click('.segments button:has-text("TypeScript")');
  const text = (await page.textContent(".code")) ?? "";
  const { code } = await transform(text, { loader: "ts", target: "node20" });
  const link = join(folder, "node_modules", "strata-vae");
  mkdirSync(dirname(link), { recursive: true });
  if (!existsSync(link)) symlinkSync(repository, link);
  writeFileSync(join(folder, "program.mjs"), code);
  execFileSync(process.execPath, ["program.mjs"], { cwd: folder, stdio: "pipe" });
  const { data, info } = await sharp(join(folder, "samples.png")).raw().toBuffer({ resolveWithObject: true });
  const [gap, shown] = [2, 64]; // as `imageGrid` lays out small pictures
  const resolution = (await pixels(page))[0].length / 3;
  const across = Math.sqrt(resolution);
  return Array.from({ length: side ** 2 }, (_, index) =>
    Array.from({ length: resolution }, (_, pixel) => {
      const step = shown / across;
      const x = gap + (index % side) * (shown + gap) + (pixel % across) * step;
      const y = gap + Math.floor(index / side) * (shown + gap) + Math.floor(pixel / across) * step;
      return [...data.subarray(3 * (y * info.width + x), 3 * (y * info.width + x) + 3)];
    }).flat(),
  );
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds wrong with the page, and where. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { target: string[] }[] }[] }> };
    };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
  });
}
