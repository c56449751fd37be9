/**
 * @file Resampling of images, said as what it is: pixels repeated or summed in tiles.
 *
 * Functions write it as reshapes around a broadcast or a sum over two axes far apart, which runtimes do slowly.
 */
import { type GraphBuilder, rewrite } from "../graph/builder.js";
import type { Atom, Equation, Graph } from "../graph/graph.js";
import { sameShape } from "../spec.js";

export const imageResampling = (graph: Graph): Graph =>
  rewrite(graph, (equation, emit, builder) => {
    if (equation.op === "reshape") {
      const repeated = repetition(equation, builder);
      if (!repeated) return undefined;
      const { source, image, factors } = repeated;
      const [larger] = emit("upsample", emit("reshape", [source], { shape: image }), { factors });
      return emit("reshape", [larger], equation.params);
    }
    if (equation.op === "reduce" && equation.params.op === "sum" && String(equation.params.axes) === "3,5") {
      const tiles = builder.definition(equation.inputs[0]);
      if (tiles?.op !== "reshape" || tiles.inputs[0].shape.length !== 4) return undefined;
      if (!isTiling(tiles.params.shape, tiles.inputs[0].shape)) return undefined;
      return emit("sumPool", tiles.inputs, { factors: [tiles.params.shape[3], tiles.params.shape[5]] });
    }
    return undefined;
  });

/** Whether [n, c, h, f, w, g] is the image [n, c, h·f, w·g] in tiles; axes of size 1 do not matter. */
function isTiling(tiles: readonly number[], image: readonly number[]): boolean {
  if (tiles.length !== 6) return false;
  const [n, c, h, f, w, g] = tiles;
  const sizes = (shape: readonly number[]) => shape.filter((size) => size !== 1);
  return sameShape(sizes(image), sizes([n, c, h * f, w * g]));
}

/** What [n, c, h, 1, w, 1] or [n, c, h, w] is repeated to tiles and reshaped to an image, if that is what is done. */
function repetition({ inputs, params }: Equation<"reshape">, builder: GraphBuilder) {
  const broadcast = builder.definition(inputs[0]);
  if (broadcast?.op !== "broadcast" || !isTiling(broadcast.params.shape, params.shape)) return undefined;
  const [n, c, h, f, w, g] = broadcast.params.shape;
  const source: Atom = broadcast.inputs[0];
  const image = [n, c, h, w];
  const known = String(broadcast.params.newAxes) === "3,5" ? [n, c, h, w] : [n, c, h, 1, w, 1];
  return sameShape(source.shape, known) ? { source, image, factors: [f, g] as const } : undefined;
}
