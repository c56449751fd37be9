import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { pyTorchInstallations } from "../../../bench/peers/systems.js";
import { openZip } from "../archives/zip.js";
import type { Tensor } from "../tensors/tensor.js";
import { readTorchFile } from "./torch-file.js";
import { torchFilePieces } from "./torch-writer.js";

const folder = mkdtempSync(join(tmpdir(), "strata-torch-"));
afterAll(() => rmSync(folder, { recursive: true }));

const tensors = new Map<string, Tensor>([
  ["second.weight", { dtype: "float32", shape: [2, 1, 3], data: Float32Array.of(1, -2, 3.5, 4, 5, 6) }],
  ["first.bias", { dtype: "float64", shape: [2], data: Float64Array.of(0.1, -1e300) }],
  ["half", { dtype: "float16", shape: [1], data: Uint16Array.of(0x3c00) }],
  ["brain", { dtype: "bfloat16", shape: [1], data: Uint16Array.of(0x3f80) }],
  ["scalar", { dtype: "int64", shape: [], data: BigInt64Array.of(-(2n ** 40n)) }],
  ["größe", { dtype: "int32", shape: [1], data: Int32Array.of(-7) }],
  ["bytes", { dtype: "uint8", shape: [3], data: Uint8Array.of(1, 2, 255) }],
  ["flags", { dtype: "bool", shape: [2], data: Uint8Array.of(1, 0) }],
  ["empty", { dtype: "float32", shape: [0, 4], data: new Float32Array() }],
]);
const file = Buffer.concat(torchFilePieces(tensors));

test("our own reader gives the same tensors in the same order", async () => {
  const again = (await readTorchFile(file)) as typeof tensors;
  expect([...again]).toEqual([...tensors]);
});

test("entries are stored, and elements begin at multiples of 64 bytes", async () => {
  const { entries } = await openZip(file);
  expect(entries.map(({ name }) => name)).toEqual([
    ...["archive/data.pkl", "archive/byteorder"],
    ...Array.from(tensors, (_, index) => `archive/data/${index}`),
    "archive/version",
  ]);
  expect(entries.some(({ deflated }) => deflated)).toBe(false);
  for (const { name, start } of entries) {
    const data = start + 30 + file.readUInt16LE(start + 26) + file.readUInt16LE(start + 28);
    expect(data % 64, name).toBe(0);
  }
});

test("the same tensors give the same bytes", () => {
  expect(Buffer.concat(torchFilePieces(tensors)).equals(file)).toBe(true);
});

const SCRIPT = `
import sys, json, torch
for weights_only in [False, True]:
    state = torch.load(sys.argv[1], weights_only=weights_only)
    print(json.dumps([type(state).__name__] + [[n, str(t.dtype), list(t.shape), t.double().flatten().tolist()] for n, t in state.items()]))
`;

test.skipIf(!pyTorchInstallations()[0])(
  "PyTorch, if installed: torch.load gives them, with and without weights_only",
  () => {
    const path = join(folder, "tensors.pt");
    writeFileSync(path, file);
    const output = execFileSync(pyTorchInstallations()[0]!.interpreter, ["-c", SCRIPT, path], { encoding: "utf8" });
    const expected = [
      "OrderedDict",
      ["second.weight", "torch.float32", [2, 1, 3], [1, -2, 3.5, 4, 5, 6]],
      ["first.bias", "torch.float64", [2], [0.1, -1e300]],
      ["half", "torch.float16", [1], [1]],
      ["brain", "torch.bfloat16", [1], [1]],
      ["scalar", "torch.int64", [], [-(2 ** 40)]],
      ["größe", "torch.int32", [1], [-7]],
      ["bytes", "torch.uint8", [3], [1, 2, 255]],
      ["flags", "torch.bool", [2], [1, 0]],
      ["empty", "torch.float32", [0, 4], []],
    ];
    expect(
      output
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([expected, expected]);
  },
);
