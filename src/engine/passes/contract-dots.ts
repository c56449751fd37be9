/**
 * @file Turns `dot` into `dotGeneral` by looking through views.
 *
 * A Jaxpr says every product of matrices as "multiply with broadcasting, sum the last axis", the operands transposed,
 * reshaped and repeated to fit. Computed literally, the gradient of an [M,K]×[K,N] product fills an M×N×K array. So each
 * operand is followed back through transposes, broadcasts and merging reshapes to the array it is a view of; then every
 * axis of the product is one of: in both arrays (batch, or contracted when last), in the left or the right one only
 * (free), or in neither (repeated afterwards).
 */
import { type Emit, type GraphBuilder, rewrite } from "../graph/builder.js";
import { type Atom, type AxisPair, type Graph, Literal } from "../graph/graph.js";
import { sizeOf } from "../spec.js";

/** A stretch of one axis of a view: a whole axis of the array below, or a repetition (`source` null). */
interface Piece {
  readonly size: number;
  readonly source: number | null;
}

/** An array seen through movements of data: for each axis of the view the pieces it is made of, outermost first. */
interface View {
  readonly base: Atom;
  readonly axes: readonly (readonly Piece[])[];
}

export const contractDots = (graph: Graph): Graph =>
  rewrite(graph, (equation, emit, builder) => {
    if (equation.op !== "dot") return undefined;
    const [x, y] = equation.inputs;
    const shape = equation.outputs[0].shape;
    const [left, right] = [x, y].map((operand) => trackedViews(operand, builder));
    const pairs = left.flatMap((a) => right.map((b) => [a, b]));
    const elements = (views: View[]) => sizeOf(views[0].base.shape) + sizeOf(views[1].base.shape);
    pairs.sort((a, b) => elements(a) - elements(b)); // stable: among equals, the one followed furthest
    for (const views of pairs) {
      const product = contract(views, shape, emit);
      if (product) return [product];
    }
    return undefined;
  });

const wholeView = (base: Atom): View => ({
  base,
  axes: base.shape.map((size, source) => (size === 1 ? [] : [{ size, source }])),
});

/** An operand and the arrays it is a view of, furthest back first. Too far back an axis may turn out to be several. */
function trackedViews(atom: Atom, builder: GraphBuilder): View[] {
  const views = [wholeView(atom)];
  for (;;) {
    const below = throughDefinition(views[0], builder);
    if (!below) return views;
    views.unshift(below);
  }
}

/** The same view one movement further back, or `undefined` where the base is computed by something else. */
function throughDefinition(view: View, builder: GraphBuilder): View | undefined {
  const definition = builder.definition(view.base);
  if (!definition) return undefined;
  const [base] = definition.inputs;
  const sources = axisSources(definition, base);
  if (!sources) return undefined;
  const axes = view.axes.map((pieces) =>
    pieces.flatMap((piece): readonly Piece[] => (piece.source === null ? [piece] : sources(piece))),
  );
  return { base, axes };
}

/** For a movement, the pieces of its operand that make up a piece of its result. */
function axisSources(
  definition: NonNullable<ReturnType<GraphBuilder["definition"]>>,
  base: Atom,
): ((piece: Piece) => readonly Piece[]) | undefined {
  const whole = (source: number): readonly Piece[] =>
    base.shape[source] === 1 ? [] : [{ size: base.shape[source], source }];
  if (definition.op === "transpose") {
    return ({ source }) => whole(definition.params.permutation[source!]);
  }
  if (definition.op === "broadcast") {
    const { newAxes } = definition.params;
    return ({ source, size }) => {
      const axis = source! - newAxes.filter((added) => added < source!).length;
      const repeated = newAxes.includes(source!) || base.shape[axis] === 1;
      return repeated ? [{ size, source: null }] : whole(axis);
    };
  }
  if (definition.op === "reshape") {
    const merged = mergedAxes(base.shape, definition.params.shape);
    return merged && (({ source }) => merged[source!].flatMap(whole));
  }
  return undefined;
}

/** For each axis of `to` the axes of `from` that it merges; `undefined` when an axis is split. */
function mergedAxes(from: readonly number[], to: readonly number[]): number[][] | undefined {
  const merged: number[][] = [];
  let next = 0;
  for (const size of to) {
    const axes: number[] = [];
    let product = 1;
    while (product < size) {
      product *= from[next];
      axes.push(next++);
    }
    if (product !== size) return undefined;
    merged.push(axes);
  }
  return merged;
}

/** One axis of the product after both sides are cut into the same pieces. */
interface Aligned {
  readonly size: number;
  readonly left: number | null;
  readonly right: number | null;
}

/** Cuts the two sides of an axis alike; repetitions give way, real axes cannot be cut. */
function align(left: readonly Piece[], right: readonly Piece[]): Aligned[] | undefined {
  const fill = (pieces: readonly Piece[], like: readonly Piece[]) =>
    pieces.length > 0 ? [...pieces] : like.map(({ size }) => ({ size, source: null }));
  const [l, r] = [fill(left, right), fill(right, left)];
  const aligned: Aligned[] = [];
  while (l.length > 0 && r.length > 0) {
    const [a, b] = [l.shift()!, r.shift()!];
    const size = Math.min(a.size, b.size);
    for (const [piece, queue] of [
      [a, l],
      [b, r],
    ] as const) {
      if (piece.size === size) continue;
      if (piece.source !== null || piece.size % size !== 0) return undefined;
      queue.unshift({ size: piece.size / size, source: null });
    }
    aligned.push({ size, left: a.source, right: b.source });
  }
  return aligned;
}

function contract(views: readonly View[], shape: readonly number[], emit: Emit): Atom | undefined {
  const rank = shape.length + 1;
  const [x, y] = views.map(({ axes }) => [...new Array<Piece[]>(rank - axes.length).fill([]), ...axes]);
  const perAxis = x.map((pieces, axis) => align(pieces, y[axis]));
  if (perAxis.some((aligned) => aligned === undefined)) return undefined;
  const kept = perAxis.slice(0, -1).flatMap((aligned) => aligned!);
  const summed = perAxis.at(-1)!;
  const inBoth = ({ left, right }: Aligned) => left !== null && right !== null;

  const leftOnly = summed.filter(({ left, right }) => left !== null && right === null).map(({ left }) => left!);
  const rightOnly = summed.filter(({ left, right }) => left === null && right !== null).map(({ right }) => right!);
  const left = operand(views[0].base, leftOnly, emit);
  const right = operand(views[1].base, rightOnly, emit);
  const pair = (axis: Aligned): AxisPair => [left.position(axis.left!), right.position(axis.right!)];
  const batch = kept.filter(inBoth);
  const free = (side: "left" | "right", of: { position(axis: number): number }) =>
    kept
      .filter((axis) => !inBoth(axis) && axis[side] !== null)
      .sort((a, b) => of.position(a[side]!) - of.position(b[side]!));
  const order = [...batch, ...free("left", left), ...free("right", right)];

  const contracted = summed.filter(inBoth).map(pair);
  let result = emit("dotGeneral", [left.atom, right.atom], { batch: batch.map(pair), contract: contracted })[0];
  const repeats = summed.filter((axis) => axis.left === null && axis.right === null);
  const factor = sizeOf(repeats.map(({ size }) => size));
  if (factor !== 1) result = emit("mul", [result, new Literal(factor, [], result.dtype)], {})[0];

  const present = kept.filter((axis) => axis.left !== null || axis.right !== null);
  result = emit("transpose", [result], { permutation: present.map((axis) => order.indexOf(axis)) })[0];
  const newAxes = kept.flatMap((axis, index) => (present.includes(axis) ? [] : [index]));
  result = emit("broadcast", [result], { shape: kept.map(({ size }) => size), newAxes })[0];
  return emit("reshape", [result], { shape })[0];
}

/** The base without axes of size 1 and without those summed alone, and where its axes have gone. */
function operand(base: Atom, alone: readonly number[], emit: Emit): { atom: Atom; position(axis: number): number } {
  const summed = emit("reduce", [base], { op: "sum", axes: [...alone].sort((a, b) => a - b) })[0];
  const axes = base.shape.flatMap((size, axis) => (size === 1 || alone.includes(axis) ? [] : [axis]));
  const atom = emit("reshape", [summed], { shape: axes.map((axis) => base.shape[axis]) })[0];
  return { atom, position: (axis) => axes.indexOf(axis) };
}
