/**
 * @file Convolutions as runtimes have them: with their bias, rectified, and with the kernel that theirs is a view of.
 *
 * The gradient of a convolution with respect to its image is a convolution with the kernel's channels swapped and its
 * window mirrored, and parameters may be kept with channels swapped. Said by parameters, the lowering can find a cheaper
 * way to such a kernel than a mirror and a transpose.
 */
import { type GraphBuilder, rewrite } from "../graph/builder.js";
import { type Atom, type Graph, isLiteral, type Value } from "../graph/graph.js";

export function convolutionForms(graph: Graph): Graph {
  const uses = new Map<Atom, number>();
  const use = (atom: Atom) => uses.set(atom, (uses.get(atom) ?? 0) + 1);
  for (const { inputs } of graph.equations) inputs.forEach(use);
  graph.outputs.forEach(use);
  /** Convolutions without bias whose result is used once, and those with or without whose result is. */
  const open = new Set<Atom>();
  const linear = new Set<Atom>();

  return rewrite(graph, (equation, emit, builder) => {
    if (equation.op === "conv") {
      const { params, inputs, outputs } = equation;
      const [x, kernel, ...bias] = inputs;
      const { original, ...form } = kernelForm(kernel, builder);
      const results =
        params.groups === 1
          ? emit("conv", [x, original, ...bias], { ...params, ...form })
          : emit("conv", inputs, params);
      if (uses.get(outputs[0]) === 1) linear.add(results[0]);
      if (uses.get(outputs[0]) === 1 && inputs.length === 2) open.add(results[0]);
      return results;
    }
    if (equation.op === "add") {
      const [x, y] = equation.inputs;
      for (const [convolved, bias] of [
        [x, y],
        [y, x],
      ]) {
        const channels = open.has(convolved) ? channelBias(bias, convolved as Value) : undefined;
        if (!channels) continue;
        const definition = builder.definition(convolved);
        if (definition?.op !== "conv") continue;
        const flat = emit("reshape", [bias], { shape: [channels] })[0];
        const results = emit("conv", [...definition.inputs, flat], definition.params);
        if (uses.get(equation.outputs[0]) === 1) linear.add(results[0]);
        return results;
      }
    }
    if (equation.op === "max") {
      const [x, floor] = equation.inputs;
      const definition = builder.definition(x);
      if (!linear.has(x) || definition?.op !== "conv" || !isLiteral(floor) || floor.value !== 0) return undefined;
      return emit("conv", definition.inputs, { ...definition.params, rectified: true });
    }
    return undefined;
  });
}

/** The kernel that `kernel` is a view of: the same one, or with channels swapped, its window mirrored, or both. */
function kernelForm(kernel: Atom, builder: GraphBuilder): { original: Atom; swapped: boolean; mirrored: boolean } {
  const flip = builder.definition(kernel);
  const mirrored = flip?.op === "flip" && String(flip.params.axes) === "2,3";
  const window = mirrored ? flip.inputs[0] : kernel;
  const swap = builder.definition(window);
  const swapped = swap?.op === "transpose" && String(swap.params.permutation) === "1,0,2,3";
  return { original: swapped ? swap.inputs[0] : window, swapped, mirrored };
}

/** Number of channels when `bias` is one number for each channel of `convolved`: [1, C, 1, 1] or [C, 1, 1]. */
function channelBias(bias: Atom, convolved: Value): number | undefined {
  if (isLiteral(bias) || bias.shape.length < convolved.shape.length - 1) return undefined;
  const channels = convolved.shape[1];
  const full = bias.shape.length === convolved.shape.length ? bias.shape.slice(1) : bias.shape;
  const fits = bias.shape.length === full.length || bias.shape[0] === 1;
  return fits && full[0] === channels && full.slice(1).every((size) => size === 1) ? channels : undefined;
}
