/** @file ONNX Runtime's C interface and its binding are one to programs. */
import { numpy as np } from "@jax-js/jax";
import { afterAll, expect, test } from "vitest";
import { prepare } from "../compile.js";
import { onnxTarget } from "../onnx/target.js";
import { sessionSettings } from "../runtime/cpu-device.js";
import { type DType, type Spec, spec, type TypedArray } from "../spec.js";
import { openBindingSessions } from "./binding-sessions.js";
import { openCSessions } from "./c-sessions.js";
import type { Model } from "./session.js";

const settings = sessionSettings(1);
const binding = openBindingSessions(settings);
const ways = process.platform === "linux" ? { c: openCSessions(settings), binding } : { binding };
afterAll(() => {
  for (const sessions of Object.values(ways)) sessions.close();
});

async function modelOf(fn: (...args: np.Array[]) => np.Array[], args: Spec[], outputDtypes?: DType): Promise<Model> {
  const target = onnxTarget(0);
  const { graph } = prepare(fn as never, args, { target, outputDtypes });
  return { ...(await target.lower(graph, { donated: new Map(), divided: new Set() })), optimise: false };
}

const floats = (size: number) => Float32Array.from({ length: size }, (_, index) => Math.sin(index));

test.each(Object.entries(ways))("results are written where they are wanted (%s)", async (_, sessions) => {
  const model = await modelOf((x, y) => [np.add(x.ref, y.ref), np.multiply(x, y)], [spec([2, 3]), spec([2, 3])]);
  const session = await sessions.load(model);
  const [x, y] = [floats(6), floats(6).map((value) => value + 1)];
  const places = [new Float32Array(6), new Float32Array(6)];
  const results = await session.run([x, y], places);
  expect(results).toEqual([x.map((value, index) => value + y[index]), x.map((value, index) => value * y[index])]);
  expect(results[0]).toBe(places[0]);
  expect(results[1]).toBe(places[1]);
  await session.release();
});

test.each(Object.entries(ways))(
  "every type goes in and comes out, also scalars and nothing (%s)",
  async (_, sessions) => {
    const types: [Spec, TypedArray][] = [
      [spec([]), Float32Array.of(-1.5)],
      [spec([3], "int32"), Int32Array.of(-1, 0, 7)],
      [spec([2], "bool"), Uint8Array.of(1, 0)],
      [spec([2], "float64"), Float64Array.of(0.1, -2)],
      [spec([0, 4]), new Float32Array(0)],
    ];
    for (const [one, elements] of types) {
      const session = await sessions.load(
        await modelOf((x) => [np.concatenate([np.ravel(x.ref), np.ravel(x)])], [one]),
      );
      const place = elements.slice(0, 0).constructor as new (size: number) => TypedArray;
      const [result] = await session.run([elements], [new place(2 * elements.length)]);
      expect([...result]).toEqual([...elements, ...elements]);
      await session.release();
    }
  },
);

test.each(Object.entries(ways))("bfloat16 is its bits (%s)", async (_, sessions) => {
  const session = await sessions.load(await modelOf((x) => [x], [spec([3])], "bfloat16"));
  const [bits] = await session.run([Float32Array.of(1, -2, 0.5)], [new Uint16Array(3)]);
  expect([...bits]).toEqual([0x3f80, 0xc000, 0x3f00]);
  await session.release();
});

test.each(Object.entries(ways))("a result whose size only the run tells is a copy (%s)", async (_, sessions) => {
  const session = await sessions.load(await modelOf((x) => [np.negative(x)], [spec([5])]));
  const x = floats(5);
  const [first] = await session.run([x], [null]);
  const [second] = await session.run([x.map((value) => value + 1)], [null]);
  expect(first).toEqual(x.map((value) => -value));
  expect(second).toEqual(x.map((value) => -Math.fround(value + 1)));
  await session.release();
});

test.each(Object.entries(ways))("what cannot be loaded is told in ONNX Runtime's words (%s)", async (_, sessions) => {
  const broken: Model = { code: Uint8Array.of(1, 2, 3), inputs: [], outputs: [], optimise: false };
  await expect(sessions.load(broken)).rejects.toThrow(/[Pp]rotobuf/);
});

test.each(Object.entries(ways))("what the library makes for a run is given back (%s)", async (_, sessions) => {
  const size = 2 ** 18;
  const session = await sessions.load(await modelOf((x) => [np.multiply(x, 2)], [spec([size])]));
  const x = floats(size);
  await session.run([x], [null]);
  const before = process.memoryUsage.rss();
  for (let run = 0; run < 300; run++) await session.run([x], [null]); // 300 MB of results
  expect(process.memoryUsage.rss() - before).toBeLessThan(150e6);
  await session.release();
});
