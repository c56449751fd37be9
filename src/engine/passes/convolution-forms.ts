/**
 * @file Convolutions as runtimes have them: with their bias, and with the kernel of the convolution they are the gradient of.
 *
 * The gradient of a convolution with respect to its image is a convolution with the kernel's channels swapped and its
 * window mirrored. Said by a parameter, the lowering can find a cheaper way to such a kernel than a mirror and a transpose.
 */
import { type GraphBuilder, rewrite } from "../builder.js";
import { type Atom, type Graph, isLiteral, type Value } from "../graph.js";

export function convolutionForms(graph: Graph): Graph {
  const uses = new Map<Atom, number>();
  const use = (atom: Atom) => uses.set(atom, (uses.get(atom) ?? 0) + 1);
  for (const { inputs } of graph.equations) inputs.forEach(use);
  graph.outputs.forEach(use);
  /** Convolutions without bias whose result is used once. */
  const open = new Set<Atom>();

  return rewrite(graph, (equation, emit, builder) => {
    if (equation.op === "conv") {
      const { params, inputs, outputs } = equation;
      const original = params.groups === 1 ? untransposed(inputs[1], builder) : undefined;
      const results = original
        ? emit("conv", [inputs[0], original], { ...params, transposedKernel: true })
        : emit("conv", inputs, params);
      if (inputs.length === 2 && uses.get(outputs[0]) === 1) open.add(results[0]);
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
        return emit("conv", [...definition.inputs, flat], definition.params);
      }
    }
    return undefined;
  });
}

/** The kernel [O, I, …] of which `kernel` is the mirrored one with channels swapped. */
function untransposed(kernel: Atom, builder: GraphBuilder): Atom | undefined {
  const spatial = kernel.shape.length - 2;
  const flip = builder.definition(kernel);
  const unit = kernel.shape.slice(2).every((size) => size === 1);
  const swapped =
    flip?.op === "flip" && flip.params.axes.length === spatial ? flip.inputs[0] : unit ? kernel : undefined;
  const swap = swapped && builder.definition(swapped);
  if (swap?.op !== "transpose") return undefined;
  const { permutation } = swap.params;
  const isSwap =
    permutation[0] === 1 && permutation[1] === 0 && permutation.slice(2).every((axis, i) => axis === i + 2);
  return isSwap ? swap.inputs[0] : undefined;
}

/** Number of channels when `bias` is one number for each channel of `convolved`: [1, C, 1, 1] or [C, 1, 1]. */
function channelBias(bias: Atom, convolved: Value): number | undefined {
  if (isLiteral(bias) || bias.shape.length < convolved.shape.length - 1) return undefined;
  const channels = convolved.shape[1];
  const full = bias.shape.length === convolved.shape.length ? bias.shape.slice(1) : bias.shape;
  const fits = bias.shape.length === full.length || bias.shape[0] === 1;
  return fits && full[0] === channels && full.slice(1).every((size) => size === 1) ? channels : undefined;
}
