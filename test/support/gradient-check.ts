/** @file Gradients by float64 central differences, to hold automatic differentiation against. */

/** ∂f/∂x at every entry of x, by (f(x + h) − f(x − h)) / 2h with h scaled to the entry; f works on plain float64 numbers. */
export function centralDifferences(f: (x: number[]) => number, x: ArrayLike<number>, relativeStep = 1e-5): number[] {
  const point = Array.from(x);
  return point.map((value, i) => {
    const step = relativeStep * Math.max(1, Math.abs(value));
    const shifted = (by: number) => f(point.map((other, j) => (j === i ? value + by : other)));
    return (shifted(step) - shifted(-step)) / (2 * step);
  });
}
