/**
 * @file From a graph to a StableHLO program, as text that XLA compiles: one rule an operation.
 *
 * XLA fuses operations, chooses layouts and schedules by itself, so each rule says what an operation is and no more.
 */
import type { Equation, Graph, Interval, OperationName } from "../graph/graph.js";
import { convolution, filterGradient } from "./convolution.js";
import { elementwiseRules } from "./elementwise-rules.js";
import { FunctionBody, type Precision, type Tensor } from "./function-body.js";
import { pool, reduce, scatter } from "./reduction.js";
import { type Division, inputSharding, REPLICATED } from "./sharding.js";
import { dictionary, integers, list, tensorType } from "./text.js";
import { threefry } from "./threefry.js";

export interface StableHloOptions extends Partial<Division> {
  /** How exactly products of float32 are computed. */
  precision: Precision;
  /** Index of the output that may take the memory of an input, by the input's index. That input is then gone. */
  aliases?: ReadonlyMap<number, number>;
}

/**
 * The program that computes the outputs of `graph` from its inputs: a module whose function `main` takes and returns them in
 * order.
 *
 * For several devices it is a program of as many partitions: compile it for the SPMD partitioner, which lets each device
 * compute with the rows that it has and adds up what was summed over rows. Every device has all of every output.
 */
export function lowerToStableHlo(
  graph: Graph,
  { precision, aliases = new Map(), devices = 1, divided = new Set() }: StableHloOptions,
): string {
  const body = new FunctionBody(precision);
  const args = graph.inputs.map(({ shape, dtype }, index): Tensor => ({ name: `%arg${index}`, shape, dtype }));
  args.forEach((arg, index) => {
    body.define(graph.inputs[index], arg);
  });
  for (const [value, data] of graph.constants) body.define(value, body.constant(data, value));
  for (const equation of graph.equations) lowerEquation(equation, body);
  const results = graph.outputs.map((output) => body.tensor(output));

  const several = devices > 1;
  const declared = args.map((arg, index) => {
    const sharding = several && inputSharding(index, arg.shape, { devices, divided });
    const alias = aliases.has(index) && `${aliases.get(index)} : i32`;
    const attributes = {
      ...(sharding && { "mhlo.sharding": sharding }),
      ...(alias && { "tf.aliasing_output": alias }),
    };
    return withAttributes(`${arg.name}: ${tensorType(arg)}`, attributes);
  });
  const types = results.map(tensorType);
  const returned = types.map((type) => withAttributes(type, several ? { "mhlo.sharding": REPLICATED } : {}));
  const partitions = several ? ` attributes {mhlo.num_partitions = ${devices} : i32, mhlo.num_replicas = 1 : i32}` : "";
  return [
    `module @strata${partitions} {`,
    `  func.func public @main(${declared.join(", ")}) -> (${returned.join(", ")}) {`,
    ...body.lines.map((line) => `    ${line}`),
    `    "func.return"(${results.map(({ name }) => name).join(", ")}) : (${types.join(", ")}) -> ()`,
    "  }",
    "}\n",
  ].join("\n");
}

const withAttributes = (declared: string, attributes: Readonly<Record<string, string>>): string =>
  [declared, dictionary(attributes)].join(" ").trimEnd();

function lowerEquation(equation: Equation, body: FunctionBody): void {
  const { op, inputs, outputs } = equation;
  if (op in elementwiseRules) {
    const operands = inputs.map((input) => body.tensor(input));
    const alike = operands.map((operand) => body.broadcast(operand, outputs[0].shape));
    body.define(outputs[0], elementwiseRules[op as keyof typeof elementwiseRules](alike, equation, body));
    return;
  }
  const rule = rules[op as keyof Rules] as (equation: Equation, body: FunctionBody) => Tensor[];
  const tensors = rule(equation, body);
  outputs.forEach((output, index) => {
    body.define(output, tensors[index]);
  });
}

type Other = Exclude<OperationName, "dot" | "checkpoint" | "windows" | keyof typeof elementwiseRules>;
type Rules = { [O in Other]: (equation: Equation<O>, body: FunctionBody) => Tensor[] };

const reshape = ({ inputs, outputs }: Equation, body: FunctionBody): Tensor[] => [
  body.reshape(body.tensor(inputs[0]), outputs[0].shape),
];

const rules: Rules = {
  reduce: ({ inputs, params }, body) => [reduce(body.tensor(inputs[0]), params.op, params.axes, body)],
  dotGeneral: ({ inputs, params, outputs }, body) => {
    const { batch, contract } = params;
    const numbers = [
      `lhs_batching_dimensions = ${list(batch.map(([left]) => left))}`,
      `rhs_batching_dimensions = ${list(batch.map(([, right]) => right))}`,
      `lhs_contracting_dimensions = ${list(contract.map(([left]) => left))}`,
      `rhs_contracting_dimensions = ${list(contract.map(([, right]) => right))}`,
    ].join(", ");
    const operands = inputs.map((input) => body.tensor(input));
    const attributes = { dot_dimension_numbers: `#stablehlo.dot<${numbers}>`, ...body.precisionConfig(operands[0]) };
    return [body.operation("stablehlo.dot_general", operands, outputs[0], attributes)];
  },
  conv: (equation, body) => [convolution(equation, body)],
  filterGradient: (equation, body) => [filterGradient(equation, body)],
  upsample: ({ inputs: [x], params, outputs }, body) => {
    const [n, c, h, w] = x.shape;
    const [f, g] = params.factors;
    const tiles = body.broadcastAlong(body.tensor(x), [n, c, h, f, w, g], [0, 1, 2, 4]);
    return [body.reshape(tiles, outputs[0].shape)];
  },
  sumPool: ({ inputs: [x], params, outputs }, body) => {
    const [n, c, h, w] = outputs[0].shape;
    const [f, g] = params.factors;
    return [reduce(body.reshape(body.tensor(x), [n, c, h, f, w, g]), "sum", [3, 5], body)];
  },
  pool: (equation, body) => [pool(equation, body)],
  toStorage: reshape,
  fromStorage: reshape,
  concatenate: ({ inputs, params, outputs }, body) => {
    const operands = inputs.map((input) => body.tensor(input));
    return [body.operation("stablehlo.concatenate", operands, outputs[0], { dimension: `${params.axis} : i64` })];
  },
  split: ({ inputs, params: { axis, sizes } }, body) => {
    const x = body.tensor(inputs[0]);
    const whole = x.shape.map((size): Interval => [0, size]);
    return sizes.map((size, part) => {
      const start = sizes.slice(0, part).reduce((sum, before) => sum + before, 0);
      return body.slice(x, whole.with(axis, [start, start + size]));
    });
  },
  gather: ({ inputs, params, outputs }, body) => {
    const [x, index] = inputs.map((input) => body.tensor(input));
    const { axis } = params;
    const indexAxes = index.shape.length;
    const kept = outputs[0].shape.map((_, at) => at).filter((at) => at < axis || at >= axis + indexAxes);
    const numbers = [
      `offset_dims = ${list(kept)}`,
      `collapsed_slice_dims = [${axis}]`,
      `start_index_map = [${axis}]`,
      `index_vector_dim = ${indexAxes}`,
    ].join(", ");
    const attributes = {
      dimension_numbers: `#stablehlo.gather<${numbers}>`,
      slice_sizes: integers(x.shape.with(axis, 1)),
      indices_are_sorted: "false",
    };
    return [body.operation("stablehlo.gather", [x, index], outputs[0], attributes)];
  },
  scatter: (equation, body) => [scatter(equation, body)],
  transpose: ({ inputs, params, outputs }, body) => {
    const attributes = { permutation: integers(params.permutation) };
    return [body.operation("stablehlo.transpose", [body.tensor(inputs[0])], outputs[0], attributes)];
  },
  broadcast: ({ inputs, params }, body) => {
    const axes = params.shape.map((_, axis) => axis).filter((axis) => !params.newAxes.includes(axis));
    return [body.broadcastAlong(body.tensor(inputs[0]), params.shape, axes)];
  },
  reshape,
  flip: ({ inputs, params, outputs }, body) => {
    const attributes = { dimensions: integers(params.axes) };
    return [body.operation("stablehlo.reverse", [body.tensor(inputs[0])], outputs[0], attributes)];
  },
  slice: ({ inputs, params }, body) => [body.slice(body.tensor(inputs[0]), params.ranges)],
  pad: ({ inputs, params, outputs }, body) => {
    const { shape, dtype } = outputs[0];
    const attributes = {
      edge_padding_low: integers(params.widths.map(([before]) => before)),
      edge_padding_high: integers(params.widths.map(([, after]) => after)),
      interior_padding: integers(shape.map(() => 0)),
    };
    const operands = [body.tensor(inputs[0]), body.filled(0, { shape: [], dtype })];
    return [body.operation("stablehlo.pad", operands, outputs[0], attributes)];
  },
  // XLA merges equal computations, but never looks behind a barrier.
  recompute: ({ inputs, outputs }, body) => [
    body.operation("stablehlo.optimization_barrier", [body.tensor(inputs[0])], outputs[0]),
  ],
  threefry: (equation, body) => [threefry(equation, body)],
};
