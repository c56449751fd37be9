import { grad, jit, lax, numpy as np } from "@jax-js/jax";
import { afterAll, describe, expect, test } from "vitest";
import { between, check, checkForward, floats, testRuntime } from "../../test/support/against-jax.js";
import { prepare } from "./compile.js";
import { compile, Runtime, type Spec, spec } from "./index.js";
import { sigmoid, softplus, swish } from "./primitives.js";

afterAll(() => testRuntime().dispose());
const options = { runtime: testRuntime() };

/** How often each operation occurs in the prepared graph. */
function operations(fn: (...args: np.Array[]) => unknown, args: Spec[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { op } of prepare(fn, args).graph.equations) counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}

describe("running", () => {
  test("trees go in and come out as the function has them", async () => {
    const fn = ({ a, b }: { a: np.Array; b: np.Array[] }) => ({
      sum: a.ref.add(b[0]),
      list: [b[1], a.astype(np.int32)],
    });
    const args = [{ a: spec([2]), b: [spec([2]), spec([], "int32")] }] as const;
    const program = await compile(fn, args, { ...options, outputDtypes: { list: "int32" } });
    const result = await program.run({ a: Float32Array.of(1, 2), b: [Float32Array.of(3, 4), Int32Array.of(7)] });
    expect(result).toEqual({ sum: Float32Array.of(4, 6), list: [Int32Array.of(7), Int32Array.of(1, 2)] });
    await program.dispose();
  });

  test("constant arguments are left out of run", async () => {
    const fn = (w: np.Array, x: np.Array) => [np.matmul(w, x)];
    const constants = [Float32Array.of(1, 2, 3, 4)] as const;
    const program = await compile(fn, [spec([2, 2]), spec([2])], { ...options, constants });
    expect(await program.run(Float32Array.of(1, 10))).toEqual([Float32Array.of(21, 43)]);
    await program.dispose();
  });

  test("what is kept stays on the device, feeds the next run, and is read on demand", async () => {
    const fn = (x: np.Array) => ({ next: x.ref.mul(2), sum: x.sum() });
    const program = await compile(fn, [spec([3])], { ...options, keepOnDevice: { next: true } });
    const first = await program.run(Float32Array.of(1, 2, 3));
    const second = await program.run(first.next);
    expect([first.sum[0], second.sum[0]]).toEqual([6, 12]);
    expect(await second.next.read()).toEqual(Float32Array.of(4, 8, 12));
    first.next.dispose();
    await expect(program.run(first.next)).rejects.toThrow("disposed already");
    second.next.dispose();
    await program.dispose();
  });

  test("a result of another type than float32 is refused unless it is named", async () => {
    const fn = (x: np.Array) => ({ count: x.astype(np.int32) });
    await expect(compile(fn, [spec([2])], options)).rejects.toThrow(
      "Expected float32 in the result, count, got int32. Name its type in outputDtypes, or cast it.",
    );
    const program = await compile(fn, [spec([2])], { ...options, outputDtypes: { count: "int32" } });
    expect(await program.run(Float32Array.of(1, 2))).toEqual({ count: Int32Array.of(1, 2) });
    await program.dispose();
  });

  test("programs with the same content share a session until the last is disposed", async () => {
    const make = () => compile((x: np.Array) => x.add(1), [spec([2])], options);
    const [one, two] = [await make(), await make()];
    await one.dispose();
    expect(await two.run(Float32Array.of(1, 2))).toEqual(Float32Array.of(2, 3));
    await two.dispose();
    await expect(two.run(Float32Array.of(1, 2))).rejects.toThrow("This program has been disposed.");
  });

  test("wrong elements are refused by name", async () => {
    const program = await compile((p: { w: np.Array }) => p.w, [{ w: spec([2]) }], options);
    await expect(program.run({ w: Float32Array.of(1) })).rejects.toThrow(
      "argument 0.w: expected 2 elements for float32[2], got 1",
    );
    await expect(program.run({ w: Int32Array.of(1, 2) })).rejects.toThrow(
      "argument 0.w: expected Float32Array for float32[2], got Int32Array",
    );
    await program.dispose();
  });

  test("the calling thread stays alive while a program runs", async () => {
    const fn = (x: np.Array) => Array.from({ length: 12 }).reduce<np.Array>((y) => np.matmul(y.ref, y), x);
    const program = await compile(fn, [spec([700, 700])], options);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await program.run(new Float32Array(490_000));
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(5);
    await program.dispose();
  });

  test("a disposed runtime refuses what is still waiting and what comes later", async () => {
    const runtime = new Runtime({ threads: 1 });
    const program = await compile((x: np.Array) => x.add(3), [spec([2])], { runtime });
    const waiting = expect(program.run(Float32Array.of(1, 2))).rejects.toThrow("disposed");
    await runtime.dispose();
    await waiting;
    await expect(program.run(Float32Array.of(1, 2))).rejects.toThrow("disposed");
    await program.dispose();
  });
});

describe("errors", () => {
  test("an unsupported primitive is named, with its equation and the function it came from", () => {
    const order = jit(function order(x: np.Array) {
      return np.sort(x);
    });
    expect(() => prepare((x: np.Array) => order(x.mul(2)), [spec([3])])).toThrow(
      /primitive "sort": float32\[3\] = sort float32\[3\], traced in order\./,
    );
  });

  test("an unsupported element type is named", () => {
    expect(() => prepare((x: np.Array) => x.astype(np.uint32), [spec([3])])).toThrow("cast is uint32");
  });
});

describe("passes", () => {
  test("equal equations are computed once, whatever the order of their operands", () => {
    const fn = (x: np.Array, y: np.Array) => np.exp(x.ref.mul(y.ref)).add(np.exp(y.mul(x)));
    expect(operations(fn, [spec([2]), spec([2])])).toEqual({ mul: 1, exp: 1, add: 1 });
  });

  test("what no output needs is dropped", () => {
    const fn = (x: np.Array) => {
      np.exp(x.ref).dispose();
      return x.add(1);
    };
    expect(operations(fn, [spec([2])])).toEqual({ add: 1 });
  });

  test("literals fold through arithmetic, movement and reduction", () => {
    const fn = (x: np.Array) => x.mul(np.ones([2, 3]).mul(2).sum(0).reshape([3, 1]).add(-3));
    expect(operations(fn, [spec([3, 1])])).toEqual({});
  });

  test("a negation becomes a subtraction", () => {
    expect(operations((x: np.Array, y: np.Array) => x.sub(y), [spec([2]), spec([2])])).toEqual({ sub: 1 });
  });

  test("the gradient of a product of matrices is two products, and nothing of the full size M×N×K", () => {
    const fn = grad((x: np.Array, y: np.Array) => np.square(np.matmul(x, y)).sum(), { argnums: [0, 1] });
    const { graph } = prepare(fn as never, [spec([30, 40]), spec([40, 50])]);
    expect(graph.equations.filter(({ op }) => op === "dotGeneral")).toHaveLength(3);
    const largest = Math.max(
      ...graph.equations.flatMap(({ outputs }) => outputs.map(({ shape }) => shape.reduce((a, b) => a * b, 1))),
    );
    expect(largest).toBe(2000);
  });

  test("the gradient of a filter is a product, not a convolution with a kernel as large as the image", () => {
    const fn = grad((w: np.Array, x: np.Array) => lax.conv(x, w, [1, 1], "SAME").sum());
    const counts = operations(fn as never, [spec([4, 3, 3, 3]), spec([2, 3, 16, 16])]);
    expect(counts.conv).toBeUndefined();
    expect(counts.dotGeneral).toBe(1);
  });
});

describe("activations", () => {
  const wide = floats([64], 200);
  const usual = floats([64], 8);
  for (const [name, fn] of Object.entries({ sigmoid, swish, softplus })) {
    test(`${name}: value and gradient`, () => check(fn, [usual], 3e-6));
    test(`${name}: value and gradient far out`, () => check(fn, [wide], 3e-6));
    test(`${name} is one operation`, () =>
      expect(operations(fn as never, [spec([4])])).toMatchObject(
        name === "swish" ? { mul: 1, sigmoid: 1 } : { [name]: 1 },
      ));
  }

  test("the derivative of swish shares the forward part's sigmoid", () => {
    const fn = grad((x: np.Array) => swish(swish(x)).sum());
    expect(operations(fn as never, [spec([4])]).sigmoid).toBe(2);
    expect(operations(fn as never, [spec([4])]).exp).toBeUndefined();
  });

  test("inside another jitted function, differentiated", async () => {
    const block = jit(function block(x: np.Array, w: np.Array) {
      return swish(np.matmul(swish(x), w));
    });
    await check((x, w) => block(x, w), [floats([3, 4]), floats([4, 4])], 3e-6);
  });

  test("a function of another name is left alone", () =>
    checkForward((x) => jit((y: np.Array) => np.exp(y))(x), [between(0, 1, [3])]));
});
