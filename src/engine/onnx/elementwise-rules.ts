/** @file Operations that compute each element from the operands' elements at its place. */
import type { Equation, OperationName } from "../graph/graph.js";
import { complementaryError } from "./complementary-error.js";
import type { Lowering } from "./lowering.js";
import { softplus } from "./softplus.js";

/** Writes an operation on operands that broadcast; returns the result's name. */
type ElementwiseRule = (operands: readonly string[], equation: Equation, lowering: Lowering) => string;

const single =
  (opType: string): ElementwiseRule =>
  (operands, _, lowering) =>
    lowering.node(opType, operands)[0];

const comparisons = { less: "Less", less_equal: "LessOrEqual", equal: "Equal", not_equal: "Equal" };

export const elementwiseRules = {
  add: single("Add"),
  sub: single("Sub"),
  mul: single("Mul"),
  div: single("Div"),
  idiv: (operands, { outputs }, lowering) => {
    const [quotient] = lowering.node("Div", operands);
    if (outputs[0].dtype === "int32") return quotient;
    const negative = lowering.node("Less", [quotient, lowering.model.scalar(0, "float32")])[0];
    const [up, down] = ["Ceil", "Floor"].map((opType) => lowering.node(opType, [quotient])[0]);
    return lowering.node("Where", [negative, up, down])[0];
  },
  mod: (operands, _, lowering) => lowering.node("Mod", operands, { fmod: 1 })[0],
  min: single("Min"),
  max: single("Max"),
  and: single("And"),
  or: single("Or"),
  neg: single("Neg"),
  reciprocal: single("Reciprocal"),
  floor: single("Floor"),
  ceil: single("Ceil"),
  sin: single("Sin"),
  cos: single("Cos"),
  asin: single("Asin"),
  atan: single("Atan"),
  exp: single("Exp"),
  log: single("Log"),
  erf: single("Erf"),
  erfc: ([x], _, lowering) => complementaryError(x, lowering),
  sqrt: single("Sqrt"),
  sigmoid: single("Sigmoid"),
  softplus: ([x], _, lowering) => softplus(x, lowering),
  cast: ([x], { inputs, outputs }, lowering) => {
    if (outputs[0].dtype === "bfloat16") return lowering.toBfloat16(x);
    return inputs[0].dtype === "bfloat16" ? lowering.fromBfloat16(x) : lowering.cast(x, outputs[0].dtype);
  },
  compare: (operands, equation, lowering) => {
    const { op } = (equation as Equation<"compare">).params;
    const bools = equation.inputs[0].dtype === "bool" && (op === "less" || op === "less_equal");
    const comparable = bools ? operands.map((operand) => lowering.cast(operand, "int32")) : operands;
    const result = lowering.node(comparisons[op], comparable);
    return op === "not_equal" ? lowering.node("Not", result)[0] : result[0];
  },
  where: (operands, { outputs }, lowering) => {
    if (outputs[0].dtype !== "bool") return lowering.node("Where", operands)[0];
    const [condition, x, y] = operands; // ONNX Runtime's Where has no bool
    const first = lowering.node("And", [condition, x])[0];
    const second = lowering.node("And", [lowering.node("Not", [condition])[0], y])[0];
    return lowering.node("Or", [first, second])[0];
  },
} satisfies Partial<Record<OperationName, ElementwiseRule>>;
