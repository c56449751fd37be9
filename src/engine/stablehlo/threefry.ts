/** @file Random words: counters encrypted under a key for each row. */
import type { Equation, Interval } from "../graph/graph.js";
import { encrypt, type WordArithmetic } from "../threefry.js";
import type { FunctionBody, Tensor } from "./function-body.js";

const WORD_BITS = 32;

/** Words [N, count, 2] under keys [N, 2]. */
export function threefry({ inputs, params: { count } }: Equation<"threefry">, body: FunctionBody): Tensor {
  const [keys, start] = inputs.map((input) => body.tensor(input));
  const [rows] = keys.shape;
  const type = { shape: [rows, count], dtype: "int32" } as const;
  const words = (name: string, ...operands: Tensor[]) => body.operation(`stablehlo.${name}`, operands, type);
  /** Column of the keys, or word of the start, everywhere. */
  const spread = (x: Tensor, at: number) => {
    const whole = x.shape.map((size): Interval => [0, size]);
    const column = body.slice(x, whole.with(-1, [at, at + 1]));
    return body.broadcastAlong(body.reshape(column, x.shape.slice(0, -1)), type.shape, x.shape.length > 1 ? [0] : []);
  };
  const arithmetic: WordArithmetic<Tensor> = {
    word: (value) => body.filled(value, type),
    add: (x, y) => words("add", x, y),
    xor: (x, y) => words("xor", x, y),
    rotate: (x, bits) => {
      const left = words("shift_left", x, body.filled(bits, type));
      return words("or", left, words("shift_right_logical", x, body.filled(WORD_BITS - bits, type)));
    },
  };
  const numbers = body.operation("stablehlo.iota", [], type, { iota_dimension: "1 : i64" });
  const counters = [spread(start, 0), arithmetic.add(spread(start, 1), numbers)] as const;
  const encrypted = encrypt(arithmetic, [spread(keys, 0), spread(keys, 1)], counters);
  const columns = encrypted.map((column) => body.reshape(column, [rows, count, 1]));
  return body.operation(
    "stablehlo.concatenate",
    columns,
    { shape: [rows, count, 2], dtype: "int32" },
    {
      dimension: "2 : i64",
    },
  );
}
