/** The text of small graphs, word for word: XLA itself is not at hand. */
import { expect, test } from "vitest";
import { GraphBuilder } from "../graph/builder.js";
import { type Atom, type Interval, Literal, type OperationName, type Operations, Value } from "../graph/graph.js";
import type { DType, TypedArray } from "../spec.js";
import { lowerToStableHlo, type StableHloOptions } from "./lower.js";

const floats = (...shape: number[]) => new Value(shape, "float32");

/** The program that computes one operation. */
function program<O extends OperationName>(
  op: O,
  inputs: readonly Atom[],
  params: Operations[O],
  options: StableHloOptions = { precision: "float32" },
): string {
  const builder = new GraphBuilder();
  const values = inputs.filter((input) => input instanceof Value);
  return lowerToStableHlo(builder.build(values, builder.emit(op, inputs, params)), options);
}

/** Its operations, one a line. */
const operations: typeof program = (...args) =>
  program(...args)
    .split("\n")
    .filter((line) => line.startsWith("    %"))
    .map((line) => line.trim())
    .join("\n");

/** The only operation of a program that is its constant. */
function constant(data: TypedArray, shape: readonly number[], dtype: DType): string {
  const builder = new GraphBuilder();
  const value = new Value(shape, dtype);
  builder.adopt(value, data);
  const text = lowerToStableHlo(builder.build([], [value]), { precision: "float32" });
  return /(?<=value = ).*(?=} : \(\))/.exec(text)![0];
}

test("a program is a module whose function main takes the inputs and returns the outputs", () => {
  expect(program("add", [floats(2, 3), floats(2, 3)], {})).toBe(`module @strata {
  func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
    %0 = "stablehlo.add"(%arg0, %arg1) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    "func.return"(%0) : (tensor<2x3xf32>) -> ()
  }
}
`);
});

test("operands are repeated to the shape of the result; a number is written once and repeated", () => {
  expect(operations("mul", [floats(3), new Literal(2, [2, 1], "float32")], {})).toBe(
    `%0 = "stablehlo.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
%1 = "stablehlo.broadcast_in_dim"(%0) {broadcast_dimensions = array<i64>} : (tensor<f32>) -> tensor<2x1xf32>
%2 = "stablehlo.broadcast_in_dim"(%arg0) {broadcast_dimensions = array<i64: 1>} : (tensor<3xf32>) -> tensor<2x3xf32>
%3 = "stablehlo.broadcast_in_dim"(%1) {broadcast_dimensions = array<i64: 0, 1>} : (tensor<2x1xf32>) -> tensor<2x3xf32>
%4 = "stablehlo.multiply"(%2, %3) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>`,
  );
});

test("softplus is max(x, 0) + log(1 + exp(−|x|))", () => {
  const steps = operations("softplus", [floats()], {}).matchAll(/(%\d+) = "(.+?)"\((.*?)\)/g);
  expect(Array.from(steps, ([, result, name, operands]) => `${result} = ${name} ${operands}`.trim())).toEqual([
    "%0 = stablehlo.abs %arg0",
    "%1 = stablehlo.negate %0",
    "%2 = stablehlo.exponential %1",
    "%3 = stablehlo.constant",
    "%4 = stablehlo.maximum %arg0, %3",
    "%5 = stablehlo.log_plus_one %2",
    "%6 = stablehlo.add %4, %5",
  ]);
});

test("random words come from a counter for each place by twenty rounds", () => {
  const keys = new Value([3, 2], "int32");
  const text = operations("threefry", [keys, new Value([2], "int32")], { count: 5 });
  const written = (name: string) => text.split(`"stablehlo.${name}"`).length - 1;
  expect(["iota", "shift_left", "shift_right_logical", "or"].map(written)).toEqual([1, 20, 20, 20]);
  expect(text).toContain("iota_dimension = 1 : i64} : () -> tensor<3x5xi32>");
  expect(text.endsWith("(tensor<3x5x1xi32>, tensor<3x5x1xi32>) -> tensor<3x5x2xi32>")).toBe(true);
});

const plain: Operations["conv"] = {
  strides: [1, 2],
  padding: [
    [1, 1],
    [0, 1],
  ],
  dilation: [1, 1],
  groups: 1,
  swapped: false,
  mirrored: false,
  rectified: false,
};

test("a convolution says which axes are what, and is as exact as asked", () => {
  const operands = [floats(2, 3, 8, 8), floats(4, 3, 3, 3)];
  expect(operations("conv", operands, plain, { precision: "tf32" })).toBe(
    '%0 = "stablehlo.convolution"(%arg0, %arg1) ' +
      "{dimension_numbers = #stablehlo.conv<[b, f, 0, 1]x[o, i, 0, 1]->[b, f, 0, 1]>, " +
      "window_strides = array<i64: 1, 2>, padding = dense<[[1, 1], [0, 1]]> : tensor<2x2xi64>, " +
      "rhs_dilation = array<i64: 1, 1>, feature_group_count = 1 : i64, batch_group_count = 1 : i64, " +
      "precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : " +
      "(tensor<2x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<2x4x8x4xf32>",
  );
  expect(operations("conv", operands, plain)).toContain("precision HIGHEST");
});

test("factors in bfloat16 are multiplied as they are, and may give float32", () => {
  const operands = [new Value([2, 3, 8, 8], "bfloat16"), new Value([4, 3, 3, 3], "bfloat16")];
  const text = operations("conv", operands, { ...plain, result: "float32" }, { precision: "bfloat16" });
  expect(text).toContain("precision DEFAULT");
  expect(text).toContain("(tensor<2x3x8x8xbf16>, tensor<4x3x3x3xbf16>) -> tensor<2x4x8x4xf32>");
  const product: Operations["dotGeneral"] = { batch: [], contract: [[1, 1]] };
  const rows = [new Value([5, 3], "bfloat16"), new Value([4, 3], "bfloat16")];
  expect(operations("dotGeneral", rows, product)).toContain("-> tensor<5x4xbf16>");
  expect(operations("dotGeneral", rows, { ...product, result: "float32" })).toContain("-> tensor<5x4xf32>");
  expect(operations("conv", [floats(2, 3, 8, 8), floats(4, 3, 3, 3)], plain, { precision: "bfloat16" })).toContain(
    "precision HIGHEST",
  );
});

test("a kernel may be given swapped and mirrored; bias and rectification follow", () => {
  const params = { ...plain, swapped: true, mirrored: true, rectified: true };
  const text = operations("conv", [floats(2, 3, 8, 8), floats(3, 4, 3, 3), floats(4)], params);
  expect(text).toContain("[b, f, 0, 1]x[i, o, 0, 1]->[b, f, 0, 1]");
  expect(text).toContain("window_reversal = array<i1: true, true>");
  expect(text).toContain("(%arg2) {broadcast_dimensions = array<i64: 1>} : (tensor<4xf32>) -> tensor<2x4x8x4xf32>");
  expect(text).toMatch(/"stablehlo.add".*\n.*constant.*\n.*\n.*"stablehlo.maximum"/);
});

test("a filter's gradient sums over images", () => {
  const padding: Interval[] = [1, 1].map((width) => [width, width]);
  const text = operations("filterGradient", [floats(5, 3, 8, 8), floats(5, 4, 8, 8)], { padding });
  expect(text).toContain("#stablehlo.conv<[f, b, 0, 1]x[i, o, 0, 1]->[b, f, 0, 1]>");
  expect(text).toContain("-> tensor<3x4x3x3xf32>");
});

test("a reduction says how numbers are combined, and begins with the one that changes none", () => {
  expect(operations("reduce", [new Value([2, 3], "int32")], { op: "max", axes: [1] })).toBe(
    `%0 = "stablehlo.constant"() {value = dense<-2147483648> : tensor<i32>} : () -> tensor<i32>
%1 = "stablehlo.reduce"(%arg0, %0) ({ ^bb0(%left: tensor<i32>, %right: tensor<i32>): ` +
      '%combined = "stablehlo.maximum"(%left, %right) : (tensor<i32>, tensor<i32>) -> tensor<i32> ' +
      '"stablehlo.return"(%combined) : (tensor<i32>) -> () }) {dimensions = array<i64: 1>} : ' +
      "(tensor<2x3xi32>, tensor<i32>) -> tensor<2xi32>",
  );
});

test("rows are gathered along any axis, and put into zeros", () => {
  const index = new Value([2, 2], "int32");
  expect(operations("gather", [floats(3, 5, 4), index], { axis: 1 })).toBe(
    '%0 = "stablehlo.gather"(%arg0, %arg1) {dimension_numbers = #stablehlo.gather<offset_dims = [0, 3], ' +
      "collapsed_slice_dims = [1], start_index_map = [1], index_vector_dim = 2>, slice_sizes = array<i64: 3, 1, 4>, " +
      "indices_are_sorted = false} : (tensor<3x5x4xf32>, tensor<2x2xi32>) -> tensor<3x2x2x4xf32>",
  );
  const rows = [floats(2, 4), new Value([2], "int32")];
  expect(operations("scatter", rows, { op: "update", shape: [6, 4] })).toContain(
    '%2 = "stablehlo.scatter"(%1, %arg1, %arg0) ({ ^bb0(%left: tensor<f32>, %right: tensor<f32>): ' +
      '"stablehlo.return"(%right) : (tensor<f32>) -> () }) {scatter_dimension_numbers = ' +
      "#stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], " +
      "scatter_dims_to_operand_dims = [0], index_vector_dim = 1>",
  );
});

test("what is recomputed lies behind a barrier", () => {
  expect(operations("recompute", [floats(2)], {})).toBe(
    '%0 = "stablehlo.optimization_barrier"(%arg0) : (tensor<2xf32>) -> tensor<2xf32>',
  );
});

test("constants are bytes in hexadecimal digits, little end first", () => {
  expect(constant(Float32Array.of(1, -2), [2, 1], "float32")).toBe('dense<"0x0000803F000000C0"> : tensor<2x1xf32>');
  expect(constant(Uint16Array.of(0x3f80, 7), [2], "bfloat16")).toBe('dense<"0x803F0700"> : tensor<2xbf16>');
  const { buffer } = Int32Array.of(1, 2, 3);
  expect(constant(new Int32Array(buffer, 4, 2), [2], "int32")).toBe('dense<"0x0200000003000000"> : tensor<2xi32>');
});

test("constant bools are written one by one, constants without elements like a number", () => {
  expect(constant(Uint8Array.of(1, 0, 0, 1), [2, 2], "bool")).toBe("dense<[true, false, false, true]> : tensor<4xi1>");
  expect(constant(new Float32Array(0), [0, 2], "float32")).toBe("dense<0.0> : tensor<f32>");
});

test("an output takes the memory of the input that it renews", () => {
  const options = { precision: "float32", aliases: new Map([[1, 0]]) } as const;
  expect(program("sub", [floats(2), floats(2)], {}, options)).toContain(
    "@main(%arg0: tensor<2xf32>, %arg1: tensor<2xf32> {tf.aliasing_output = 0 : i32}) -> (tensor<2xf32>)",
  );
});

test("several devices share out the rows of images; what cannot be shared out equally they all have", () => {
  const divided = (rows: number) =>
    program("conv", [floats(rows, 3, 8, 8), floats(4, 3, 3, 3)], plain, {
      precision: "float32",
      aliases: new Map([[1, 0]]),
      devices: 4,
      divided: new Set([0]),
    });
  const text = divided(8);
  expect(text).toContain("module @strata attributes {mhlo.num_partitions = 4 : i32, mhlo.num_replicas = 1 : i32} {");
  expect(text).toContain('%arg0: tensor<8x3x8x8xf32> {mhlo.sharding = "{devices=[4,1,1,1]<=[4]}"}');
  expect(text).toContain(
    '%arg1: tensor<4x3x3x3xf32> {mhlo.sharding = "{replicated}", tf.aliasing_output = 0 : i32}) -> ' +
      '(tensor<8x4x8x4xf32> {mhlo.sharding = "{replicated}"}) {',
  );
  expect(divided(6)).toContain('%arg0: tensor<6x3x8x8xf32> {mhlo.sharding = "{replicated}"}');
});

test("every operand of an operation was written before it", () => {
  const builder = new GraphBuilder();
  const x = floats(2, 3);
  const parts = builder.emit("split", [x], { axis: 1, sizes: [1, 2] });
  const [moved] = builder.emit("transpose", [parts[1]], { permutation: [1, 0] });
  const graph = builder.build([x], [moved, parts[0], new Literal(1, [2], "float32")]);
  const text = lowerToStableHlo(graph, { precision: "float32" });
  const known = new Set(["%arg0"]);
  for (const [, result, operands] of text.matchAll(/^ {4}(?:(%\d+) = )?".+?"\((.*?)\)/gm)) {
    for (const operand of operands.split(", ").filter(Boolean)) expect(known).toContain(operand);
    if (result) known.add(result);
  }
  expect(known.size).toBe(1 + 5);
});
