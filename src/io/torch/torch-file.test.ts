import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pyTorchInstallations } from "../../../bench/peers/systems.js";
import { zipOf } from "../../../test/support/archives.js";
import { readGolden } from "../../../test/support/golden.js";
import { dictionary, floats, integer, pickle, tensor, text, torchZip } from "../../../test/support/torch-files.js";
import { UserError } from "../../errors.js";
import type { NumpyArray } from "../python/array-pickle.js";
import { nameOf, type PythonObject } from "../python/python-objects.js";
import type { Tensor } from "../tensors/tensor.js";
import { isTensor, openTorchCheckpoint, readTorchFile } from "./torch-file.js";
import { UnreadTensor } from "./torch-pickle.js";

const unexpected = (problem: string): never => {
  throw new Error(problem);
};

type Dictionary = Map<string, Tensor>;
const read = async (file: string | Uint8Array) => (await readTorchFile(file, "a.pt")) as Dictionary;
const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
const fixture = (name: string) => `test/fixtures/${name}`;

/** The rule of the fixtures' Inception weights: murmur3's finaliser over FNV-1a of the name and the index. */
function inceptionWeight(name: string, index: number, size: number): number {
  const mix = (x: number) => {
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return (x ^ (x >>> 16)) >>> 0;
  };
  const hash = [...Buffer.from(name)].reduce((h, byte) => Math.imul(h ^ byte, 0x01000193), 0x811c9dc5);
  const u = mix(mix(index) ^ hash) / 2 ** 31 - 1;
  if (name.endsWith("conv.weight")) return Math.fround(u * Math.sqrt(6 / size));
  return Math.fround(name.endsWith("bn.weight") ? 1 + 0.1 * u : name.endsWith("var") ? 1 + 0.3 * u : 0.1 * u);
}

test.each(["container_zip.pth", "container_legacy.pth"])("reads what PyTorch wrote: %s", async (name) => {
  const tensors = await read(fixture(`inception/${name}`));
  expect([...tensors].map(([key, { dtype, shape }]) => `${key} ${dtype} ${shape.join("×")}`)).toEqual([
    "Conv2d_1a_3x3.conv.weight float32 32×3×3×3",
    "Conv2d_1a_3x3.bn.weight float32 32",
    "Conv2d_1a_3x3.bn.bias float32 32",
    "Conv2d_1a_3x3.bn.running_mean float32 32",
    "Conv2d_1a_3x3.bn.running_var float32 32",
    "Conv2d_1a_3x3.bn.num_batches_tracked int64 ",
    "fc.bias float32 1008",
  ]);
  const { data: batches } = tensors.get("Conv2d_1a_3x3.bn.num_batches_tracked")!;
  expect([...batches]).toEqual([0n]);
  for (const [key, { data, dtype }] of tensors) {
    const expected = dtype === "float32" ? [...data].map((_, index) => inceptionWeight(key, index, 27)) : [0n];
    expect([...data], key).toEqual(expected);
  }
});

test.each(["uncond16/weights.pt", "uncond16/weights_strided.pt", "cond16/weights.pt", "superres16/weights.pt"])(
  "reads %s: the values of the same weights as safetensors, whatever the strides",
  async (name) => {
    const golden = readGolden(`${name.split("/")[0]}/weights.safetensors`);
    const tensors = await read(fixture(name));
    for (const [key, { dtype, shape, data }] of tensors) {
      expect({ dtype, shape }, key).toEqual({ dtype: "float32", shape: golden(key).shape });
      expect(Buffer.compare(bytes(data), bytes(golden(key).data)), key).toBe(0);
    }
    expect(tensors.size).toBeGreaterThan(100);
  },
);

test("reads a training checkpoint: nested dictionaries, lists, and scalars", async () => {
  const state = (await read(fixture("uncond16/train_state.pt"))) as Map<string, unknown>;
  const expected = JSON.parse(readFileSync(fixture("uncond16/train_state_expected.json"), "utf8"));
  expect([...state.keys()]).toEqual(expected.keys);
  expect(state.get("iterations")).toEqual({ dtype: "int32", shape: [], data: Int32Array.of(expected.iterations) });
  expect(state.get("skips")).toBe(expected.skips);
  const optimizer = state.get("optimizer") as Map<string, unknown>;
  const [group] = optimizer.get("param_groups") as Map<string, unknown>[];
  expect((group.get("lr") as Tensor).data[0]).toBe(expected.param_group.lr);
  expect(group.get("betas")).toEqual(expected.param_group.betas);
  const moments = optimizer.get("state") as Map<number, Map<string, Tensor>>;
  const ema = state.get("ema_parameters") as Tensor[];
  const agrees = (
    { shape, data }: Tensor,
    wanted: { shape: number[]; first: number[]; sum: number; sum_abs: number },
  ) => {
    const numbers = Array.from(data as Float32Array);
    expect(shape).toEqual(wanted.shape);
    expect(numbers.slice(0, 3)).toEqual(wanted.first);
    expect(numbers.reduce((sum, x) => sum + x, 0)).toBeCloseTo(wanted.sum, 4);
    expect(numbers.reduce((sum, x) => sum + Math.abs(x), 0)).toBeCloseTo(wanted.sum_abs, 4);
  };
  let index = 0;
  for (const [name, tensor] of state.get("model") as unknown as Dictionary) {
    agrees(tensor, expected.model[name]);
    agrees(ema[index], expected.ema[name]);
    agrees(moments.get(index)!.get("exp_avg")!, expected.optimizer[name].exp_avg);
    agrees(moments.get(index)!.get("exp_inf")!, expected.optimizer[name].exp_inf);
    index++;
  }
  expect(index).toBe(124);
});

test("every type of elements, empty and scalar tensors, parameters", async () => {
  const storages: [string, number, Uint8Array, unknown[]][] = [
    ["FloatStorage", 2, floats(1.5, -2), [1.5, -2]],
    ["DoubleStorage", 1, Buffer.from(Float64Array.of(0.1).buffer), [0.1]],
    ["HalfStorage", 1, Buffer.from(Uint16Array.of(0x3c00).buffer), [0x3c00]],
    ["BFloat16Storage", 1, Buffer.from(Uint16Array.of(0x3f80).buffer), [0x3f80]],
    ["LongStorage", 1, Buffer.from(BigInt64Array.of(-5n).buffer), [-5n]],
    ["IntStorage", 1, Buffer.from(Int32Array.of(-7).buffer), [-7]],
    ["ByteStorage", 3, Buffer.of(1, 2, 255), [1, 2, 255]],
    ["BoolStorage", 2, Buffer.of(1, 0), [1, 0]],
  ];
  const items = storages.map(([type, count], storage): [string, string] => [
    type,
    tensor({ type, storage: `${storage}`, count, shape: [count], strides: [1] }),
  ]);
  const scalar = tensor({ storage: "0", count: 2, offset: 1, shape: [], strides: [] });
  const empty = tensor({ storage: "0", count: 2, shape: [3, 0, 2 ** 40], strides: [7, 7, 7] });
  const parameter = `ctorch._utils\n_rebuild_parameter\n(${scalar}\x88ccollections\nOrderedDict\n)RtR`;
  const value = dictionary({ ...Object.fromEntries(items), scalar, empty, parameter });
  const contents = Object.fromEntries(storages.map(([, , content], index) => [`${index}`, content]));
  const tensors = await read(torchZip(value, contents, { root: "any name" }));
  for (const [type, , , elements] of storages) expect([...tensors.get(type)!.data], type).toEqual(elements);
  const minusTwo = { dtype: "float32", shape: [], data: Float32Array.of(-2) };
  expect(tensors.get("scalar")).toEqual(minusTwo);
  expect(tensors.get("parameter")).toEqual(minusTwo);
  expect(tensors.get("empty")).toMatchObject({ shape: [3, 0, 2 ** 40], data: new Float32Array() });
});

test("tensors that are one stay one, views of one storage are each their own", async () => {
  const whole = tensor({ count: 6, shape: [2, 3], strides: [3, 1] });
  const transposed = tensor({ count: 6, shape: [3, 2], strides: [1, 3] });
  const column = tensor({ count: 6, offset: 1, shape: [2, 1], strides: [3, 1] });
  const repeated = tensor({ count: 6, offset: 5, shape: [2, 2], strides: [0, 0] });
  const value = dictionary({ whole: `${whole}q\x01`, again: "h\x01", transposed, column, repeated });
  const tensors = await read(torchZip(value, { 0: floats(0, 1, 2, 3, 4, 5) }));
  expect(tensors.get("again")).toBe(tensors.get("whole"));
  const elements = (name: string) => [...tensors.get(name)!.data];
  expect(elements("transposed")).toEqual([0, 3, 1, 4, 2, 5]);
  expect(elements("column")).toEqual([1, 4]);
  expect(elements("repeated")).toEqual([5, 5, 5, 5]);
});

const checkpoints = readdirSync("test/fixtures/checkpoints").filter((name) => name.endsWith(".pt"));

test("there are checkpoints of both containers in every protocol that can hold a tensor", () => {
  expect(checkpoints).toHaveLength(11);
});

test.each(checkpoints)(
  "%s: harmless types beside a tensor are held by name, and nothing is made of them",
  async (name) => {
    const { value, container, protocol } = await openTorchCheckpoint(`test/fixtures/checkpoints/${name}`, name);
    expect(`${container}-${protocol}.pt`).toBe(name.replace("-1.", "-0.")); // protocol 1 does not say that it is
    const found = value as Map<string, unknown>;
    const weight = { dtype: "float32", shape: [2], data: Float32Array.of(1.5, -2) };
    expect([found.get("weight"), found.get("parameter")]).toEqual([weight, weight]);
    expect(found.get("quantised")).toEqual(new UnreadTensor("quantised", [2]));
    expect(found.get("sparse")).toBeInstanceOf(UnreadTensor);
    const types = {
      ...{ device: "torch.device", args: "argparse.Namespace", path: "pathlib.PosixPath", date: "datetime.datetime" },
      ...{ windows: "pathlib.PureWindowsPath", precision: "__main__.Precision", settings: "__main__.Settings" },
      ...{ deque: "collections.deque", partial: "functools.partial", config: "omegaconf.dictconfig.DictConfig" },
    };
    for (const [key, type] of Object.entries(types)) expect(nameOf(found.get(key) as PythonObject), key).toBe(type);
    const settings = found.get("settings") as PythonObject;
    expect(settings.state).toEqual(
      new Map<string, unknown>(Object.entries({ rate: 1e-3, nested: new Map([["a", [1]]]) })),
    );
    expect(["size", "default", "counter", "large", "numpy", "step"].map((key) => found.get(key))).toEqual([
      ...[[1, 2], new Map([["a", [1]]]), new Map([["a", 2]]), 2n ** 100n, [0.25, 7, 1], 12],
    ]);
    expect((found.get("array") as NumpyArray).tensor(unexpected).data).toEqual(Float64Array.of(1, 2));
    expect((found.get("texts") as NumpyArray).type).toEqual({ name: "U2", isKnown: false });
  },
);

test("types of elements that are not read are named, with the shape; those without a storage of their own tell theirs", async () => {
  const int8 = tensor({ type: "CharStorage", storage: "0", count: 2, shape: [2], strides: [1] });
  const complex = tensor({ type: "ComplexFloatStorage", storage: "1", count: 1, shape: [1], strides: [1] });
  const bytesOf = (count: number) =>
    `(${text("storage")}ctorch.storage\nUntypedStorage\n${text("2")}${text("cpu")}K${String.fromCharCode(count)}tQ`;
  const typed = (dtype: string) =>
    `ctorch._utils\n_rebuild_tensor_v3\n(${bytesOf(8)}K\0K\x02\x85K\x01\x85\x89Nctorch\n${dtype}\nNtR`;
  const value = dictionary({ int8, complex, float32: typed("float32"), uint16: typed("uint16") });
  const tensors = await read(torchZip(value, { 0: Buffer.of(1, 2), 1: Buffer.alloc(8), 2: floats(1, 2) }));
  expect(tensors.get("int8")).toEqual(new UnreadTensor("int8", [2]));
  expect(tensors.get("complex")).toEqual(new UnreadTensor("complex64", [1]));
  expect(tensors.get("float32")).toEqual({ dtype: "float32", shape: [2], data: Float32Array.of(1, 2) });
  expect(tensors.get("uint16")).toEqual(new UnreadTensor("uint16", [2]));
});

test("a tensor with attributes, and a whole module of an old file", async () => {
  const one = tensor({ count: 1, shape: [1], strides: [1] });
  const given = one.slice("ctorch._utils\n_rebuild_tensor_v2\n".length, -1);
  const withState = `ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\nctorch\nTensor\n${given}}tR`;
  const tensors = await read(torchZip(dictionary({ withState }), { 0: floats(3) }));
  expect(tensors.get("withState")).toEqual({ dtype: "float32", shape: [1], data: Float32Array.of(3) });
  const module = `(${text("module")}cmodels\nVAE\n${text("vae.py")}${text("class VAE: …".replace("…", "."))}tQ)\x81`;
  expect(
    nameOf((await readTorchFile(legacy({ value: module, names: "]", rest: Buffer.alloc(0) }))) as PythonObject),
  ).toBe("models.VAE");
});

test("tells tensors from other values", () => {
  expect(isTensor({ dtype: "float32", shape: [], data: new Float32Array(1) })).toBe(true);
  expect([null, 1, "data", new Map(), [], { shape: [] }].some(isTensor)).toBe(false);
});

const one = tensor({ count: 1, shape: [1], strides: [1] });
const oneFloat = { 0: floats(1) };
const bad = (changes: Parameters<typeof tensor>[0]) => torchZip(tensor(changes), { 0: floats(1, 2, 3, 4) });

test.each<[string, () => Uint8Array, RegExp]>([
  [
    "a call of the system",
    () => torchZip(`cos\nsystem\n(${text("true")}tR`),
    /asks for Python's "os system".*do not open it/,
  ],
  ["a builtin", () => torchZip(`cbuiltins\neval\n(${text("1")}tR`), /asks for Python's "builtins eval"/],
  ["a call of what is none", () => torchZip("ctorch\nFloatStorage\n)R", {}), /calls what is no function/],
  [
    "a tensor behind its storage's end",
    () => bad({ count: 4, offset: 2, shape: [3], strides: [1] }),
    /shape \[3\], strides \[1\] and offset 2 reaches beyond its storage "0" of 4 elements/,
  ],
  [
    "strides that leave the storage",
    () => bad({ count: 4, shape: [2, 2], strides: [3, 1] }),
    /reaches beyond its storage "0" of 4/,
  ],
  [
    "a tensor larger than anything",
    () => bad({ count: 4, shape: [2 ** 30, 2 ** 30], strides: [0, 0] }),
    /reaches beyond its storage/,
  ],
  [
    "negative strides",
    () => bad({ count: 4, offset: 3, shape: [4], strides: [-1] }),
    /has no offset, shape or strides/,
  ],
  [
    "a negative offset",
    () => bad({ count: 4, offset: -1, shape: [1], strides: [1] }),
    /has no offset, shape or strides/,
  ],
  [
    "a fraction for a size",
    () =>
      torchZip(
        `ctorch._utils\n_rebuild_tensor_v2\n((${text("storage")}ctorch\nFloatStorage\n${text("0")}${text("cpu")}K\x01tQK\0F1.5\n\x85K\x01\x85\x89NtR`,
        oneFloat,
      ),
    /has no offset, shape or strides/,
  ],
  [
    "too many dimensions",
    () => bad({ count: 4, shape: new Array(65).fill(1), strides: new Array(65).fill(1) }),
    /has 65 dimensions/,
  ],
  [
    "a small file that spells out to gigabytes",
    () => bad({ count: 4, shape: [2 ** 30], strides: [0] }),
    /its tensors would take 4294967296 bytes, the file of \d+ allows 67108864/,
  ],
  [
    "many repetitions",
    () => torchZip(`(${tensor({ count: 4, shape: [2 ** 22], strides: [0] }).repeat(5)}t`, { 0: floats(1, 2, 3, 4) }),
    /its tensors would take 83886080 bytes/,
  ],
  ["a storage that is not there", () => torchZip(one), /its file archive\/data\/0 is missing/],
  [
    "a storage by a path that leaves the archive",
    () => torchZip(tensor({ storage: "../../secret", count: 1, shape: [1], strides: [1] }), oneFloat),
    /its file archive\/data\/\.\.\/\.\.\/secret is missing/,
  ],
  [
    "entries that leave the archive",
    () =>
      torchZip(
        tensor({ storage: "../0", count: 1, shape: [1], strides: [1] }),
        {},
        { more: [{ name: "archive/data/../0", content: floats(1) }] },
      ),
    /is missing/,
  ],
  [
    "a storage shorter than its pickle claims",
    () => torchZip(tensor({ count: 2, shape: [2], strides: [1] }), oneFloat),
    /storage archive\/data\/0 has 4 bytes, its pickle claims 8/,
  ],
  [
    "a storage as large as the world",
    () => torchZip(tensor({ count: 2 ** 50, shape: [1], strides: [1] }), oneFloat),
    /has 4 bytes, its pickle claims 4503599627370496/,
  ],
  [
    "a compressed storage",
    () => torchZip(one, {}, { more: [{ name: "archive/data/0", content: Buffer.alloc(2 ** 20), method: 8 }] }),
    /archive\/data\/0 is compressed, as PyTorch does not/,
  ],
  [
    "a compressed pickle",
    () => zipOf([{ name: "a/data.pkl", content: pickle(one), method: 8 }]),
    /a\/data\.pkl is compressed/,
  ],
  [
    "a big-endian file",
    () => torchZip(one, oneFloat, { more: [{ name: "archive/byteorder", content: "big" }] }),
    /its byte order is "big"; save it on a little-endian machine/,
  ],
  [
    "a program",
    () => torchZip(one, oneFloat, { more: [{ name: "archive/constants.pkl", content: "" }] }),
    /it is a TorchScript program/,
  ],
  [
    "another zip archive",
    () => zipOf([{ name: "picture.png", content: "x" }]),
    /a zip archive with 0 files ROOT\/data\.pkl in place of one/,
  ],
  [
    "two checkpoints in one",
    () => zipOf(["a", "b"].map((root) => ({ name: `${root}/data.pkl`, content: pickle(one) }))),
    /with 2 files ROOT\/data\.pkl/,
  ],
  ["an archive cut off", () => torchZip(one, oneFloat).subarray(0, -30), /its end is missing: it is truncated/],
  [
    "a damaged storage",
    () => {
      const file = torchZip(one, oneFloat);
      file[file.indexOf("data/0") + 6] ^= 1;
      return file;
    },
    /its checksum is wrong/,
  ],
  ["a list that contains itself", () => torchZip("]q\x01h\x01a"), /it contains itself/],
  ["deep nesting", () => torchZip("]".repeat(200) + "a".repeat(199)), /nested more than 100 levels deep/],
  [
    "data outside that are no storage",
    () => torchZip(`(${text("module")}tQ`),
    /refers to data outside of itself that are no storage/,
  ],
  [
    "a tensor without a storage",
    () => torchZip("ctorch._utils\n_rebuild_tensor_v2\n(NK\0))\x89NtR"),
    /a tensor has no storage/,
  ],
  [
    "a parameter that is no tensor",
    () => torchZip("ctorch._utils\n_rebuild_parameter\n(N\x88NtR"),
    /a parameter is no tensor/,
  ],
  ["no checkpoint at all", () => Buffer.from("\x89PNG and more of it"), /it begins like none/],
  ["an empty file", () => new Uint8Array(), /it begins like none/],
])("refuses %s", async (_, make, message) => {
  const refused = readTorchFile(make(), "a.pt");
  await expect(refused).rejects.toThrow(UserError);
  await expect(refused).rejects.toThrow(message);
});

const magic = Buffer.from("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", "latin1");
const count = (elements: bigint) => Buffer.from(BigInt64Array.of(elements).buffer);
const whole = {
  version: 1001,
  little: "\x88",
  value: one,
  names: `](${text("0")}e`,
  rest: Buffer.concat([count(1n), floats(1)]),
};
/** An old file, some of its parts other than they should be. */
function legacy(changes: Partial<typeof whole> = {}): Buffer {
  const { version, little, value, names, rest } = { ...whole, ...changes };
  const machine = dictionary({ little_endian: little });
  return Buffer.concat([magic, ...[integer(version), machine, value, names].map(pickle), rest]);
}

test("an old file is read as the tests make it", async () => {
  expect(await readTorchFile(legacy())).toEqual({ dtype: "float32", shape: [1], data: Float32Array.of(1) });
});

test.each<[string, Buffer, RegExp]>([
  ["of another version", legacy({ version: 1002 }), /its version is 1002, not 1001/],
  ["of a big-endian machine", legacy({ little: "\x89" }), /it is big-endian/],
  [
    "that calls the system",
    legacy({ value: `cposix\nsystem\n(${text("true")}tR` }),
    /asks for Python's "posix system"/,
  ],
  ["without its storage", legacy({ names: "]", rest: Buffer.alloc(0) }), /its storage "0" is missing/],
  [
    "with a storage that nothing uses",
    legacy({ names: `](${text("1")}e` }),
    /lists the storage "1", which is not used once/,
  ],
  [
    "with a storage twice",
    legacy({ names: `](${text("0")}${text("0")}e` }),
    /lists the storage "0", which is not used once/,
  ],
  ["without a list of storages", legacy({ names: "N" }), /no list of its storages/],
  [
    "with another number of elements",
    legacy({ rest: Buffer.concat([count(9n), floats(1)]) }),
    /storage "0" should have 1 elements/,
  ],
  ["that is cut off amid its storages", legacy().subarray(0, -2), /it is cut off: its storages end at byte \d+/],
  ["that is cut off amid its pickles", legacy().subarray(0, 60), /it is cut off in the line at byte/],
  [
    "with one storage of two sizes",
    legacy({ value: `(${one}${tensor({ count: 2, shape: [1], strides: [1] })}t` }),
    /its storage "0" has two types or sizes/,
  ],
  [
    "with a part of a storage",
    legacy({
      value: `(${text("storage")}ctorch\nFloatStorage\n${text("0")}${text("cpu")}K\x01(${text("1")}K\0K\x01ttQ`,
    }),
    /its storage "0" is a part of another/,
  ],
])("refuses an old file %s", async (_, file, message) => {
  await expect(readTorchFile(file, "a.pt")).rejects.toThrow(message);
});

test("refuses what is not there", async () => {
  await expect(readTorchFile("/nowhere/a.pt")).rejects.toThrow(
    "Expected a PyTorch checkpoint in /nowhere/a.pt, but there is nothing.",
  );
});

const SCRIPT = `
import sys, torch
a = torch.arange(12, dtype=torch.float32).reshape(3, 4)
value = {"whole": a, "again": a, "turned": a.t(), "part": a[1:, ::2], "repeated": a[:1, :2].expand(2, 2),
         "parameter": torch.nn.Parameter(a[0]), "scalar": torch.tensor(7), "half": a[0, :2].half(),
         "list": [torch.tensor([True, False]), None, (1, 2.5, "x", 2 ** 60)], "model": torch.nn.Linear(2, 1).state_dict()}
torch.save(value, sys.argv[1], _use_new_zipfile_serialization=sys.argv[2] == "new")
`;

test.skipIf(!pyTorchInstallations()[0]).each(["new", "old"])(
  "PyTorch, if installed: reads its %s container",
  async (container) => {
    const folder = mkdtempSync(join(tmpdir(), "strata-torch-"));
    const path = join(folder, "value.pt");
    try {
      execFileSync(pyTorchInstallations()[0]!.interpreter, ["-c", SCRIPT, path, container]);
      const value = (await readTorchFile(path)) as Map<string, Tensor>;
      const elements = (name: string) => [value.get(name)!.shape, [...value.get(name)!.data]];
      expect(value.get("again")).toEqual(value.get("whole"));
      expect(elements("turned")).toEqual([
        [4, 3],
        [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11],
      ]);
      expect(elements("part")).toEqual([
        [2, 2],
        [4, 6, 8, 10],
      ]);
      expect(elements("repeated")).toEqual([
        [2, 2],
        [0, 1, 0, 1],
      ]);
      expect(elements("parameter")).toEqual([[4], [0, 1, 2, 3]]);
      expect(elements("scalar")).toEqual([[], [7n]]);
      expect(elements("half")).toEqual([[2], [0, 0x3c00]]);
      expect(value.get("list")).toEqual([
        { dtype: "bool", shape: [2], data: Uint8Array.of(1, 0) },
        null,
        [1, 2.5, "x", 2n ** 60n],
      ]);
      expect([...(value.get("model") as unknown as Dictionary).keys()]).toEqual(["weight", "bias"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
