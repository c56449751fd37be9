/**
 * @file Reductions over windows, said as what they are: pooling.
 *
 * Functions write them as all windows of an image, of which each is reduced: nine times the image for windows of 3×3, where
 * runtimes have an operation that reads it once.
 */
import { type GraphBuilder, rewrite } from "../graph/builder.js";
import { type Atom, type Equation, type Graph, type Interval, isLiteral, Literal, type Value } from "../graph/graph.js";
import { windowCounts } from "../graph/shapes.js";
import { windowRows } from "../graph/window-rows.js";
import { sameShape, sizeOf, type TypedArray } from "../spec.js";
import { removeDeadCode } from "./dead-code.js";

/** Windows that are not pooled, those of gradients and of other reductions, are gathered. */
export function pooling(graph: Graph): Graph {
  if (!graph.equations.some(({ op }) => op === "windows")) return graph; // as most are
  return rewrite(removeDeadCode(rewrite(graph, pooled(graph))), gathered);
}

/**
 * The largest or the sum of each window of an image, and
 *
 *     sum over windows of the padded image · 1 / (pixels of the window that are not padding)
 *
 * written as a product with a constant [H', W'], which is the mean of those pixels.
 */
const pooled =
  ({ constants }: Graph) =>
  (equation: Equation, emit: GraphBuilder["emit"], builder: GraphBuilder): Atom[] | undefined => {
    if (equation.op === "reduce") {
      const windows = builder.definition(equation.inputs[0]);
      const { op, axes } = equation.params;
      if (windows?.op !== "windows" || (op !== "max" && op !== "sum") || !isImage(windows.inputs[0])) return undefined;
      const { window } = windows.params;
      if (window.length !== 2 || String(axes) !== "4,5") return undefined;
      const padding: Interval[] = window.map(() => [0, 0]);
      const pool = emit("pool", windows.inputs, { ...windows.params, op: op === "max" ? "max" : "mean", padding });
      return op === "max" ? pool : emit("mul", [...pool, new Literal(sizeOf(window), [], "float32")], {});
    }
    if (equation.op === "mul") {
      const { inputs } = equation;
      for (const [sum, factors] of [inputs, inputs.toReversed()]) {
        const reshaped = builder.definition(factors);
        const data = constants.get((reshaped?.op === "reshape" ? reshaped.inputs[0] : factors) as Value);
        const pool = data && paddedMean(sum, factors.shape, data, builder);
        if (pool) return emit("pool", pool.inputs, pool.params);
      }
    }
    return undefined;
  };

const isImage = ({ shape, dtype }: Atom) => shape.length === 4 && dtype === "float32";

/** The mean over windows of an image that the product of a sum over windows with `factors` is, if it is one. */
function paddedMean(sum: Atom, shape: readonly number[], data: TypedArray, builder: GraphBuilder) {
  const product = builder.definition(sum);
  if (product?.op !== "mul" || !isLiteral(product.inputs[1])) return undefined;
  const pool = builder.definition(product.inputs[0]);
  if (pool?.op !== "pool" || pool.params.op !== "mean" || product.inputs[1].value !== sizeOf(pool.params.window)) {
    return undefined;
  }
  const pad = builder.definition(pool.inputs[0]);
  if (pad?.op !== "pad" || pad.params.widths.slice(0, 2).some((width) => String(width) !== "0,0")) return undefined;
  const params = { ...pool.params, padding: pad.params.widths.slice(2) };
  const counts = realPixels(pad.inputs[0].shape.slice(2), params);
  const sizes = (lengths: readonly number[]) => lengths.filter((length) => length !== 1);
  const fits = sameShape(sizes(shape), sizes(pool.outputs[0].shape.slice(2)));
  if (!fits || !data.every((factor, place) => factor === Math.fround(1 / counts[place]))) return undefined;
  return { inputs: pad.inputs, params };
}

/** How many pixels of every window lie in the image: [H' · W']. */
function realPixels(
  sizes: readonly number[],
  { window, strides, padding }: Extract<Equation, { op: "pool" }>["params"],
): number[] {
  const padded = sizes.map((size, axis) => size + padding[axis][0] + padding[axis][1]);
  const along = windowCounts(padded, window, strides).map((count, axis) =>
    Array.from({ length: count }, (_, index) => {
      const start = index * strides[axis] - padding[axis][0];
      return Math.min(start + window[axis], sizes[axis]) - Math.max(start, 0);
    }),
  );
  return along[0].flatMap((rows) => along[1].map((columns) => rows * columns));
}

function gathered(equation: Equation, emit: GraphBuilder["emit"], builder: GraphBuilder): Atom[] | undefined {
  if (equation.op !== "windows") return undefined;
  const [x] = equation.inputs;
  const { window, strides } = equation.params;
  const lead = x.shape.slice(0, x.shape.length - window.length);
  const sizes = x.shape.slice(lead.length);
  const rows = windowRows(sizes, window, strides);
  const flat = emit("reshape", [x], { shape: [...lead, sizeOf(sizes)] });
  const index = builder.constant(rows, [rows.length], "int32");
  const elements = emit("gather", [...flat, index], { axis: lead.length });
  return emit("reshape", elements, { shape: equation.outputs[0].shape });
}
