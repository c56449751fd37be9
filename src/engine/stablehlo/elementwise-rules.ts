/** @file Operations that compute each element from the operands' elements at its place. */
import type { Equation, OperationName } from "../graph/graph.js";
import type { FunctionBody, Tensor } from "./function-body.js";
import type { ArrayType } from "./text.js";

/** Writes an operation on operands of the result's shape. */
type ElementwiseRule = (operands: readonly Tensor[], equation: Equation, body: FunctionBody) => Tensor;

const single =
  (name: string): ElementwiseRule =>
  (operands, { outputs }, body) =>
    body.operation(name, operands, outputs[0]);

const directions = { less: "LT", less_equal: "LE", equal: "EQ", not_equal: "NE" };

function compare(operands: readonly Tensor[], op: keyof typeof directions, body: FunctionBody): Tensor {
  const attributes = { comparison_direction: `#stablehlo<comparison_direction ${directions[op]}>` };
  return body.operation("stablehlo.compare", operands, { shape: operands[0].shape, dtype: "bool" }, attributes);
}

export const elementwiseRules = {
  add: single("stablehlo.add"),
  sub: single("stablehlo.subtract"),
  mul: single("stablehlo.multiply"),
  div: single("stablehlo.divide"),
  idiv: (operands, { outputs: [type] }, body) => {
    const quotient = body.operation("stablehlo.divide", operands, type);
    return type.dtype === "int32" ? quotient : truncated(quotient, body);
  },
  mod: single("stablehlo.remainder"),
  min: single("stablehlo.minimum"),
  max: single("stablehlo.maximum"),
  and: single("stablehlo.and"),
  or: single("stablehlo.or"),
  neg: single("stablehlo.negate"),
  reciprocal: ([x], _, body) => body.operation("stablehlo.divide", [body.filled(1, x), x], x),
  floor: single("stablehlo.floor"),
  ceil: single("stablehlo.ceil"),
  sin: single("stablehlo.sine"),
  cos: single("stablehlo.cosine"),
  asin: single("chlo.asin"),
  atan: ([x], _, body) => body.operation("stablehlo.atan2", [x, body.filled(1, x)], x),
  exp: single("stablehlo.exponential"),
  log: single("stablehlo.log"),
  erf: single("chlo.erf"),
  erfc: single("chlo.erfc"),
  sqrt: single("stablehlo.sqrt"),
  sigmoid: single("stablehlo.logistic"),
  softplus: ([x], _, body) => softplus(x, body),
  cast: single("stablehlo.convert"),
  compare: (operands, equation, body) => compare(operands, (equation as Equation<"compare">).params.op, body),
  where: single("stablehlo.select"),
} satisfies Partial<Record<OperationName, ElementwiseRule>>;

/** Rounded towards zero. */
function truncated(x: Tensor, body: FunctionBody): Tensor {
  const negative = compare([x, body.filled(0, x)], "less", body);
  const [up, down] = ["stablehlo.ceil", "stablehlo.floor"].map((name) => body.operation(name, [x], x));
  return body.operation("stablehlo.select", [negative, up, down], x);
}

/** max(x, 0) + log(1 + exp(−|x|)) */
function softplus(x: Tensor, body: FunctionBody): Tensor {
  const type: ArrayType = x;
  const call = (name: string, ...operands: Tensor[]) => body.operation(`stablehlo.${name}`, operands, type);
  const decay = call("exponential", call("negate", call("abs", x)));
  return call("add", call("maximum", x, body.filled(0, type)), call("log_plus_one", decay));
}
