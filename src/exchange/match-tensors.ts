/** @file Whether the tensors of a file are the parameters of a model: all that does not fit, in one message. */
import { UserError } from "../errors.js";
import { shown } from "../formats/pickle-text.js";
import { type ElementType, float32Elements, type Tensor } from "../formats/tensor.js";

/** Tensors of one kind of problem that a message names; the others are counted. */
const NAMED = 10;

/** Types of numbers that weights can be in. */
const REAL = new Set<ElementType>(["float32", "float64", "float16", "bfloat16"]);

/** The elements as float32, of a tensor whose type `matchTensors` found to be of real numbers; no copy of float32 itself. */
export const realNumbers = (tensor: Tensor): Float32Array =>
  float32Elements(tensor) ?? Float32Array.from(tensor.data as Float64Array);

/**
 * Checks that there is exactly one tensor of real numbers and of the right shape for every parameter.
 *
 * @param found - what the file has, by name
 * @param wanted - the parameters of the model, in the file's names and layouts
 * @param where - the file, for the message
 * @throws UserError that names what is missing, misshaped or of no parameter
 */
export function matchTensors(
  found: ReadonlyMap<string, Pick<Tensor, "dtype" | "shape">>,
  wanted: readonly { name: string; shape: readonly number[] }[],
  where: string,
): void {
  const missing: string[] = [];
  const misfit: string[] = [];
  for (const { name, shape } of wanted) {
    const tensor = found.get(name);
    const size = `[${shape.join(", ")}]`;
    if (!tensor) missing.push(`${name} ${size}`);
    else if (String(tensor.shape) !== String(shape) || !REAL.has(tensor.dtype)) {
      const more = tensor.shape.length > 8 ? ", …" : "";
      misfit.push(`${name}: expected ${size}, got ${tensor.dtype} [${tensor.shape.slice(0, 8).join(", ")}${more}]`);
    }
  }
  const known = new Set(wanted.map(({ name }) => name));
  const lines = [
    ...section("missing", missing),
    ...section("of another shape or type", misfit),
    ...section("not of this model", [...found.keys()].filter((name) => !known.has(name)).map(shown)),
  ];
  if (lines.length === 0) return;
  throw new UserError(
    `Expected the ${wanted.length} parameters of this model in ${where}, got ${found.size} tensors that do not fit:\n` +
      `${lines.join("\n")}\nGive the configuration that the weights were trained with.`,
  );
}

function section(title: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const more = names.length - NAMED;
  const named = names.slice(0, NAMED).map((name) => `    ${name}`);
  return [`  ${names.length} ${title}:`, ...named, ...(more > 0 ? [`    … and ${more} more`] : [])];
}
