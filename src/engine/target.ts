/** @file A language to lower programs to, and the passes that make graphs good in it. */
import type { Graph } from "./graph/graph.js";
import type { LoweredGraph } from "./lowered-program.js";

/** What the caller of a program has said about its arrays. */
interface ArrayUse {
  /** Outputs that may lie where an input lay, since nobody needs that any more: output by input, both by index. */
  donated: ReadonlyMap<number, number>;
  /** Inputs with a row for every image: several devices share the rows. */
  divided: ReadonlySet<number>;
}

export interface Target {
  /** Says all that a lowered graph depends on, besides the graph. */
  readonly key: string;
  /** In order; each takes and returns a graph. */
  passes(rematerialised: boolean): readonly ((graph: Graph) => Graph)[];
  /** Loads the writer of its language, which takes a moment: a graph that has been lowered before is not lowered again. */
  lower(graph: Graph, use: ArrayUse): Promise<LoweredGraph>;
}
