/** @file Drops equations and constants that no output needs. */
import { type Atom, type Graph, isLiteral, type Value } from "../graph/graph.js";

export function removeDeadCode(graph: Graph): Graph {
  const needed = new Set<Value>();
  const need = (atom: Atom) => {
    if (!isLiteral(atom)) needed.add(atom);
  };
  graph.outputs.forEach(need);
  const equations = graph.equations
    .toReversed()
    .filter(({ inputs, outputs }) => {
      const live = outputs.some((output) => needed.has(output));
      if (live) inputs.forEach(need);
      return live;
    })
    .toReversed();
  const constants = new Map([...graph.constants].filter(([value]) => needed.has(value)));
  return { ...graph, equations, constants };
}
