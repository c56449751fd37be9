/** @file Whether two runtimes compute the same. */
import { formatPower } from "../../number-format.js";
import { Program } from "../program.js";
import type { DeviceArray, Runtime } from "../runtime/runtime.js";
import { acquireSession } from "../runtime/sessions.js";
import { type DType, spec, type TypedArray } from "../spec.js";
import { targetOf } from "../targets.js";
import { type Case, TOLERANCE } from "./cases.js";

/** What a comparison found. */
export interface Comparison {
  /** Programs that agree. */
  count: number;
  /** Largest deviation among them, relative to the largest number of a result; without those that may be coarse. */
  deviation: number;
  /** The first program that does not agree or fails, in words: none after it has been run. */
  fault: string | undefined;
}

/**
 * Runs each case on both runtimes.
 *
 * @param onStart - called with every case before it is run
 */
export async function compareRuntimes(
  device: Runtime,
  reference: Runtime,
  cases: readonly Case[],
  onStart: (name: string) => void = () => {},
): Promise<Comparison> {
  let deviation = 0;
  for (const [count, { name, tolerance, ...program }] of cases.entries()) {
    onStart(name);
    try {
      const [got, want] = [await run(program, device), await run(program, reference)];
      const worst = Math.max(...want.map((expected, index) => relativeDeviation(got[index], expected)));
      const fault = `off by ${Number.isFinite(worst) ? formatPower(worst) : worst} of the largest result, where ${tolerance} is allowed: ${name}`;
      if (worst > tolerance) return { count, deviation, fault };
      if (tolerance === TOLERANCE) deviation = Math.max(deviation, worst);
    } catch (error) {
      return { count, deviation, fault: `${(error as Error).message}: ${name}` };
    }
  }
  return { count: cases.length, deviation, fault: undefined };
}

/** Nothing is donated, nothing divided. */
const PLAIN = { donated: new Map(), divided: new Set<number>() };

/** The results of a case, which go the way of a training state: put on the device, computed there, kept there, read. */
async function run(
  { graph, inputs, optimise }: Pick<Case, "graph" | "inputs" | "optimise">,
  runtime: Runtime,
): Promise<TypedArray[]> {
  const specOf = ({ shape, dtype }: { shape: readonly number[]; dtype: DType }) => spec(shape, dtype);
  const outputs = graph.outputs.map(specOf);
  const keep = outputs.map(() => true);
  const target = await targetOf(runtime);
  const session = await acquireSession(await target.lower(graph, PLAIN), runtime, keep, optimise);
  const signature = { args: inputs.map(specOf), result: outputs, onDevice: keep, donated: [], residents: [] };
  const program = new Program<DeviceArray[], DeviceArray[]>(runtime, session, signature);
  const operands = inputs.map((input) => runtime.put(input.data, specOf(input)));
  const results = await program.run(...operands);
  const elements: TypedArray[] = [];
  for (const result of results) elements.push(await result.read());
  for (const array of [...operands, ...results]) array.dispose();
  await program.dispose();
  return elements;
}

/** Largest difference over the largest number expected. */
function relativeDeviation(got: TypedArray, want: TypedArray): number {
  let scale = 1e-30;
  let largest = 0;
  want.forEach((expected, index) => {
    const difference = Math.abs(got[index] - expected);
    scale = Math.max(scale, Math.abs(expected));
    largest = Math.max(largest, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
  });
  return largest / scale;
}
