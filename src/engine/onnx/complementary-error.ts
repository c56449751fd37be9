/** @file erfc, which ONNX lacks and whose tail 1 − erf would lose. */
import type { Lowering } from "./lowering.js";

/** Of P, highest power first. */
const COEFFICIENTS = [
  0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368,
  -1.26551223,
];

/**
 * erfc(x) = t · exp(−x² + P(t)) with t = 1 / (1 + |x|/2), and 2 − that for negative x: relative error below 1.2e-7
 * everywhere but for rounding (Numerical Recipes, 2nd ed., §6.2).
 */
export function complementaryError(x: string, { node, model }: Lowering): string {
  const constant = (value: number) => model.scalar(value, "float32");
  const call = (opType: string, ...operands: string[]) => node(opType, operands)[0];
  const size = call("Abs", x);
  const t = call("Reciprocal", call("Add", call("Mul", size, constant(0.5)), constant(1)));
  const [highest, ...rest] = COEFFICIENTS;
  const polynomial = rest.reduce(
    (sum, coefficient) => call("Add", call("Mul", sum, t), constant(coefficient)),
    constant(highest),
  );
  const tail = call("Mul", t, call("Exp", call("Sub", polynomial, call("Mul", size, size))));
  return call("Where", call("Less", x, constant(0)), call("Sub", constant(2), tail), tail);
}
