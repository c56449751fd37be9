/** @file erfc, which ONNX lacks and whose tail 1 − erf would lose. */
import { ERFC_POLYNOMIAL } from "../../erfc.js";
import type { Lowering } from "./lowering.js";

/** erfc(x) = t · exp(−x² + P(t)) with t = 1 / (1 + |x|/2), and 2 − that for negative x. */
export function complementaryError(x: string, { node, model }: Lowering): string {
  const constant = (value: number) => model.scalar(value, "float32");
  const call = (opType: string, ...operands: string[]) => node(opType, operands)[0];
  const size = call("Abs", x);
  const t = call("Reciprocal", call("Add", call("Mul", size, constant(0.5)), constant(1)));
  const [highest, ...rest] = ERFC_POLYNOMIAL.toReversed();
  const polynomial = rest.reduce(
    (sum, coefficient) => call("Add", call("Mul", sum, t), constant(coefficient)),
    constant(highest),
  );
  const tail = call("Mul", t, call("Exp", call("Sub", polynomial, call("Mul", size, size))));
  return call("Where", call("Less", x, constant(0)), call("Sub", constant(2), tail), tail);
}
