/**
 * @file Rematerialisation: what the backward part needs of the forward part is recomputed there instead of being kept (gradient checkpointing).
 *
 * Kept are the arrays marked by `checkpoint`, the inputs of residual blocks. Whatever is computed from them through at most
 * one convolution, the inside of such a block, is computed a second time for the backward part; what lies behind a second
 * convolution, the block's result, is kept where it is needed.
 */
import { GraphBuilder, rewrite } from "../graph/builder.js";
import { type Atom, type Equation, type Graph, isLiteral, type Value } from "../graph/graph.js";

/** The graph as it would be without marks. */
export const dropCheckpoints = (graph: Graph): Graph =>
  rewrite(graph, ({ op, inputs }) => (op === "checkpoint" ? [...inputs] : undefined));

/** The same results in less memory, for the time of another convolution in every block. */
export function rematerialise(graph: Graph): Graph {
  const definitions = new Map(graph.equations.flatMap((equation) => equation.outputs.map((o) => [o, equation])));
  const forward = beforeCheckpoints(graph, definitions);
  const repeatable = insideBlocks(graph);
  const builder = new GraphBuilder();
  for (const [value, data] of graph.constants) builder.adopt(value, data);

  const first = new Map<Value, Atom>();
  const second = new Map<Value, Atom>();
  const once = (atom: Atom): Atom => (isLiteral(atom) ? atom : (first.get(atom) ?? atom));
  const repeated = (atom: Atom): Atom => {
    if (isLiteral(atom) || !repeatable.has(atom)) return once(atom);
    if (!second.has(atom)) write(definitions.get(atom)!, repeated, second);
    return second.get(atom)!;
  };
  const write = (equation: Equation, read: (atom: Atom) => Atom, results: Map<Value, Atom>): void => {
    const { op, inputs, params, outputs, scope } = equation;
    const operands = op === "checkpoint" ? inputs.map(once) : inputs.map(read);
    builder.scope = scope;
    const atoms = op !== "checkpoint" ? builder.emit(op, operands, params) : marked(operands, results);
    outputs.forEach((output, index) => {
      results.set(output, atoms[index]);
    });
  };
  /** The first time a marked array is itself; the second time it goes by another name. */
  const marked = (operands: Atom[], results: Map<Value, Atom>): Atom[] =>
    results === second ? builder.emit("recompute", operands, {}) : operands;

  for (const equation of graph.equations) {
    const isForward = equation.op === "checkpoint" || forward.has(equation);
    write(equation, isForward ? once : repeated, first);
  }
  return builder.build(graph.inputs, graph.outputs.map(once));
}

/** The equations that some checkpoint depends on: certainly no part of the backward pass. */
function beforeCheckpoints(graph: Graph, definitions: ReadonlyMap<Value, Equation>): Set<Equation> {
  const found = new Set<Equation>();
  for (const equation of graph.equations.toReversed()) {
    if (equation.op !== "checkpoint" && !found.has(equation)) continue;
    for (const input of equation.inputs) {
      const definition = isLiteral(input) ? undefined : definitions.get(input);
      if (definition) found.add(definition);
    }
  }
  return found;
}

/** Arrays computed from checkpoints through at most one convolution or product. */
function insideBlocks(graph: Graph): Set<Value> {
  /** Convolutions since the checkpoint, for whatever depends on one. */
  const distances = new Map<Value, number>();
  for (const { op, inputs, outputs } of graph.equations) {
    const known = inputs.flatMap((input) => (isLiteral(input) ? [] : (distances.get(input) ?? [])));
    if (op !== "checkpoint" && known.length === 0) continue;
    const heavy = op === "conv" || op === "dotGeneral" ? 1 : 0;
    const distance = op === "checkpoint" ? 0 : Math.max(...known) + heavy;
    for (const output of outputs) distances.set(output, distance);
  }
  return new Set([...distances].filter(([, distance]) => distance <= 1).map(([value]) => value));
}
