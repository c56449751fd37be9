import { numpy as np } from "@jax-js/jax";
import { afterAll, expect, test } from "vitest";
import { floats, testRuntime } from "../../test/support/against-jax.js";
import { compile, Runtime, spec } from "./index.js";

afterAll(() => testRuntime().dispose());
const options = { runtime: testRuntime() };

/** Numbers whose products and sums need all digits of float64. */
const doubles = (count: number, seed: number) =>
  Float64Array.from(floats([count], 2, seed).data, (x, i) => x + 1e-9 * Math.cos(i + seed));

test("a product of matrices is exact to 1e-14", async () => {
  const [rows, inner, columns] = [5, 70, 3];
  const [x, y] = [doubles(rows * inner, 1), doubles(inner * columns, 2)];
  const program = await compile(
    (a: np.Array, b: np.Array) => np.matmul(a, b),
    [spec([rows, inner], "float64"), spec([inner, columns], "float64")],
    { ...options, outputDtypes: "float64" },
  );
  const product = await program.run(x, y);
  expect(product).toBeInstanceOf(Float64Array);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let [sum, size] = [0, 0];
      for (let k = 0; k < inner; k++) {
        sum += x[i * inner + k] * y[k * columns + j];
        size += Math.abs(x[i * inner + k] * y[k * columns + j]);
      }
      expect(Math.abs(product[i * columns + j] - sum)).toBeLessThan(1e-14 * size);
    }
  }
  await program.dispose();
});

test("sums, differences and products of elements keep their digits, of float32 too once cast, and stay on the device", async () => {
  const fn = (total: np.Array, x: np.Array, shift: np.Array) => {
    const moved = x.astype(np.float64).sub(shift);
    return total.add(moved.ref.mul(moved).sum(0));
  };
  const specs = [spec([2], "float64"), spec([3, 2]), spec([2], "float64")];
  const program = await compile(fn, specs, { ...options, keepOnDevice: true });
  const shift = Float64Array.of(0.1, -1e-9);
  const first = await program.run(Float64Array.of(1e-12, 1), Float32Array.of(1, 2, 3, 4, 5, 6), shift);
  const second = await program.run(first, Float32Array.of(0, 0, 0, 0, 0, 0), shift);
  const [one, two] = await second.read();
  const squares = (numbers: number[], by: number) => numbers.reduce((sum, x) => sum + (x - by) ** 2, 0);
  expect(one).toBeCloseTo(1e-12 + squares([1, 3, 5, 0, 0, 0], 0.1), 13);
  expect(two).toBeCloseTo(1 + squares([2, 4, 6, 0, 0, 0], -1e-9), 13);
  for (const array of [first, second]) array.dispose();
  await program.dispose();
});

test("float32 meets float64 in float64, and whole numbers written in the function are exact", async () => {
  const fn = (x: np.Array, y: np.Array) => x.mul(y).add(1);
  const specs = [spec([1]), spec([1], "float64")] as const;
  const program = await compile(fn, specs, { ...options, outputDtypes: "float64" });
  expect(await program.run(Float32Array.of(3), Float64Array.of(0.1))).toEqual(Float64Array.of(3 * 0.1 + 1));
  await program.dispose();
});

test("float64 is refused where the device has none, also inside a program", async () => {
  const runtime = new Runtime({ device: "webgpu" }); // nothing is loaded in it
  const inside = (x: np.Array) => [x.astype(np.float64).sum().astype(np.float32)];
  await expect(compile(inside, [spec([2])], { runtime })).rejects.toThrow(
    "Expected a program without float64 on webgpu, which cannot compute in it, got one with float64[2]. Compile it for a runtime on the CPU.",
  );
  await runtime.dispose();
});
