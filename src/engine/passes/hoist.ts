/**
 * @file Results as soon as they can be had. A trace leaves gradients of filters for the end, where each has kept its layer's
 * activations waiting; here each follows the equation that it waits for.
 */
import { type Atom, type Equation, type Graph, isLiteral, type Value } from "../graph/graph.js";

/** Moves every equation after which at most one convolution or product is left up to where its operands are there. */
export function hoist(graph: Graph): Graph {
  const { equations } = graph;
  const definitions = new Map(equations.flatMap((equation) => equation.outputs.map((output) => [output, equation])));
  const operandsOf = ({ inputs }: Equation) => inputs.flatMap((input) => definitionOf(input, definitions) ?? []);
  const left = workLeft(equations, operandsOf);
  const isResult = (equation: Equation) => left.get(equation)! === 0;

  /** Which of the other equations each result waits for. */
  const places = new Map<Equation, number>();
  const results = equations.map((): Equation[] => []);
  equations.forEach((equation, index) => {
    const place = Math.max(0, ...operandsOf(equation).map((operand) => places.get(operand)!));
    places.set(equation, left.get(equation)! > 1 ? index : place);
    if (isResult(equation)) results[place].push(equation);
  });

  const ordered = new Set<Equation>();
  const write = (equation: Equation): void => {
    if (ordered.has(equation)) return;
    operandsOf(equation).forEach(write);
    ordered.add(equation);
  };
  equations.forEach((equation, index) => {
    if (left.get(equation)! > 1) write(equation);
    results[index].forEach(write);
  });
  return { ...graph, equations: [...ordered] };
}

const definitionOf = (atom: Atom, definitions: ReadonlyMap<Value, Equation>): Equation | undefined =>
  isLiteral(atom) ? undefined : definitions.get(atom);

const isHeavy = ({ op }: Equation): boolean => op === "conv" || op === "filterGradient" || op === "dotGeneral";

/** Convolutions and products on the longest way from each equation's results to the graph's. */
function workLeft(equations: readonly Equation[], operandsOf: (equation: Equation) => Equation[]) {
  const left = new Map<Equation, number>(equations.map((equation) => [equation, 0]));
  for (const equation of equations.toReversed()) {
    const own = isHeavy(equation) ? 1 : 0;
    for (const operand of operandsOf(equation)) {
      left.set(operand, Math.max(left.get(operand)!, left.get(equation)! + own));
    }
  }
  return left;
}
