/** @file The programs of docs/onnx.md do what they say. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { initialise, modelParameters } from "../../src/model/index.js";
import { outputChannels } from "../../src/objective/output-layers.js";
import { exportOnnx } from "../../src/weights/onnx/export-onnx.js";
import { tinyConfig } from "../support/tiny.js";

const COUNT = 4;
const RESOLUTION = 8;
const text = readFileSync(new URL("../../docs/onnx.md", import.meta.url), "utf8");

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "strata-onnx-programs-"));
  const config = tinyConfig({ model: { classes: 4 } });
  const parameters = initialise(modelParameters(config.model, outputChannels(config.objective)), 1);
  const data = { name: "discs", count: 1, classes: ["a", "b", "c", "d"], classCounts: [1, 1, 1, 1] };
  await exportOnnx({ config, parameters, step: 0, data }, folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The one program in that language. */
function program(language: string): string {
  const [match, ...others] = [...text.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, "g"))];
  expect(others).toEqual([]);
  return match[1];
}

/** A page with a canvas that tells what is drawn on it. */
const page = `
  const drawn = [];
  const canvas = { getContext: () => ({
    createImageData: (width, height) => ({ data: new Uint8ClampedArray(4 * width * height) }),
    putImageData: ({ data }, x, y) => drawn.push({ data: [...data], x, y }),
  }) };
  globalThis.document = { querySelector: () => canvas };
  process.on("exit", () => console.log(JSON.stringify({ drawn, width: canvas.width, height: canvas.height })));
`;

test("the browser's, with the runtime for Node in place of the one for browsers", () => {
  const own = program("js").replace('"onnxruntime-web"', JSON.stringify(import.meta.resolve("onnxruntime-node")));
  expect(own).not.toContain("onnxruntime-web");
  writeFileSync(join(folder, "page.mjs"), page);
  writeFileSync(join(folder, "program.mjs"), `import "./page.mjs";\n${own}`);
  const output = execFileSync(process.execPath, ["program.mjs"], { cwd: folder, encoding: "utf8" });
  const { drawn, width, height } = JSON.parse(output) as {
    drawn: { data: number[]; x: number; y: number }[];
    width: number;
    height: number;
  };
  expect([width, height]).toEqual([COUNT * RESOLUTION, RESOLUTION]);
  expect(drawn.map(({ x, y }) => [x, y])).toEqual([0, 1, 2, 3].map((n) => [n * RESOLUTION, 0]));
  for (const { data } of drawn) {
    expect(data.filter((_, index) => index % 4 === 3)).toEqual(new Array(RESOLUTION ** 2).fill(255));
    expect(new Set(data).size).toBeGreaterThan(20);
  }
  expect(drawn[0].data).not.toEqual(drawn[1].data);
});

const hasPython = spawnSync("python3", ["-c", "import numpy, onnxruntime"]).status === 0;

test.skipIf(!hasPython)("Python's", () => {
  execFileSync("python3", ["-c", program("python")], { cwd: folder });
  const picture = readFileSync(join(folder, "samples.ppm"));
  const header = `P6 ${COUNT * RESOLUTION} ${RESOLUTION} 255\n`;
  expect(picture.subarray(0, header.length).toString()).toBe(header);
  const pixels = picture.subarray(header.length);
  expect(pixels).toHaveLength(3 * COUNT * RESOLUTION ** 2);
  expect(new Set(pixels).size).toBeGreaterThan(20);
});
