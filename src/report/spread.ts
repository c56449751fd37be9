/** @file Means with their deviation. */
import { decimalsOf, formatFixed, formatSignificant } from "../number-format.js";

/** A mean, and after it the standard deviation with as many decimals, where there is one: "37.0 ± 0.3". */
export function formatSpread({ value, deviation }: Spread, between = " "): string {
  const mean = formatSignificant(value);
  return deviation === undefined ? mean : `${mean}${between}± ${formatFixed(deviation, decimalsOf(value))}`;
}

/** A number that was measured once, or the mean of several. */
export interface Spread {
  value: number;
  /** Standard deviation, where there were several. */
  deviation?: number;
}

/** Mean and standard deviation (divisor n − 1); undefined of none, or where one is not finite. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0 || !values.every(Number.isFinite)) return undefined;
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const value = mean(values);
  if (values.length === 1) return { value };
  const squares = values.map((each) => (each - value) ** 2);
  return { value, deviation: Math.sqrt((mean(squares) * values.length) / (values.length - 1)) };
}
