/** @file How large the numbers of every layer are: for gradients or weights that have gone wrong. */

export interface LayerNorm {
  /** Dotted path of its parameters without their own names: `generator.output`. */
  layer: string;
  /** L2 norm of what is finite in it. */
  norm: number;
  /** How many of its numbers are NaN or infinite. */
  nonFinite: number;
}

/**
 * One entry a layer, those with numbers that are not finite first, then by norm, largest first.
 *
 * @param paths - of every parameter: `generator.output.weight`
 * @param values - the numbers of each, in the same order
 */
export function layerNorms(paths: readonly string[], values: readonly Float32Array[]): LayerNorm[] {
  const layers = new Map<string, { squares: number; nonFinite: number }>();
  paths.forEach((path, index) => {
    const layer = path.slice(0, Math.max(0, path.lastIndexOf("."))) || path;
    const sums = layers.get(layer) ?? { squares: 0, nonFinite: 0 };
    for (const value of values[index]) {
      if (Number.isFinite(value)) sums.squares += value * value;
      else sums.nonFinite++;
    }
    layers.set(layer, sums);
  });
  return [...layers]
    .map(([layer, { squares, nonFinite }]) => ({ layer, norm: Math.sqrt(squares), nonFinite }))
    .sort((a, b) => Math.sign(b.nonFinite) - Math.sign(a.nonFinite) || b.norm - a.norm);
}
