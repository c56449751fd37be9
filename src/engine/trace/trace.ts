/** @file From a jax-js function to a graph: traces it with abstract arrays and reads the Jaxpr, nested functions inlined. */
import { type Array as JaxArray, type Jaxpr, makeJaxpr } from "@jax-js/jax";
import { GraphBuilder } from "../graph/builder.js";
import { type Atom, formatEquation, type Graph, Literal, Value } from "../graph/graph.js";
import { callPrimitive, type Residuals } from "../primitives.js";
import { type DType, Spec, sameShape, type TypedArray } from "../spec.js";
import { entries, leaves, type Mapped, rebuild } from "../tree.js";
import { type ImportContext, importRules } from "./import-rules.js";
import { addJaxShims } from "./jax-shims.js";

type JaxprEquation = Jaxpr["eqns"][number];
type JaxprAtom = JaxprEquation["inputs"][number];
type JaxprValue = JaxprEquation["outBinders"][number];
type JaxprLiteral = Exclude<JaxprAtom, JaxprValue>;

const isJaxprLiteral = (atom: JaxprAtom): atom is JaxprLiteral => "value" in atom;

export interface Traced<Outputs> {
  readonly graph: Graph;
  /** What the function returned, with a spec for every array. */
  readonly outputs: Outputs;
}

/**
 * Traces `fn` without computing or allocating anything.
 *
 * @param fn - takes trees of jax-js arrays and returns one; it owns its arguments (use `.ref` to use an array twice)
 * @param args - a tree of specs for every argument; arrays of bfloat16 are float32 to `fn`
 * @param outputDtype - the type in which the array at a path of the result leaves, where it is not its own
 * @throws Error naming the primitive, its equation and the function it came from, where the engine lacks one
 */
export function trace<Args extends readonly unknown[], Result>(
  fn: (...args: Args) => Result,
  args: readonly unknown[],
  outputDtype: (path: string) => DType | undefined = () => undefined,
): Traced<Mapped<Result, JaxArray, Spec>> {
  using _ = addJaxShims();
  let returned: Result | undefined;
  const flat = (...tracers: JaxArray[]) => {
    returned = fn(...(rebuild(args, tracers) as unknown as Args));
    return leaves<unknown>(returned) as JaxArray[];
  };
  const specs = leaves<unknown>(args) as Spec[];
  const abstract = specs.map((each) => (each.dtype === "bfloat16" ? new Spec(each.shape) : each));
  const { jaxpr: closed } = makeJaxpr(flat)(...(abstract as unknown as JaxArray[]));
  const builder = new GraphBuilder();
  const constants = closed.consts.map((constant) => {
    const array = constant as unknown as JaxArray;
    const dtype = supported(array.dtype, "a captured constant");
    return builder.constant(elements(array), array.shape, dtype);
  });
  const inputs = specs.map(({ shape, dtype }) => new Value(shape, dtype));
  const cast = (atom: Atom, dtype: DType) => (atom.dtype === dtype ? atom : builder.emit("cast", [atom], { dtype })[0]);
  const operands = inputs.map((input) => cast(input, input.dtype === "bfloat16" ? "float32" : input.dtype));
  const results = inline(closed.jaxpr, [...constants, ...operands], builder, new Map());
  closed.dispose();
  const paths = entries<unknown>(returned).map(([path]) => path);
  const outputs = results.map((result, index) => cast(result, outputDtype(paths[index]) ?? result.dtype));
  const outputSpecs = outputs.map(({ shape, dtype }) => new Spec([...shape], dtype));
  return {
    graph: builder.build(inputs, outputs),
    outputs: rebuild<unknown, Spec>(returned, outputSpecs) as Mapped<Result, JaxArray, Spec>,
  };
}

/** Writes the equations of a Jaxpr into `builder`, with `args` in place of its parameters. */
function inline(jaxpr: Jaxpr, args: readonly Atom[], builder: GraphBuilder, residuals: Residuals): Atom[] {
  const values = new Map<JaxprValue, Atom>(jaxpr.inBinders.map((binder, index) => [binder, args[index]]));
  const read = (atom: JaxprAtom): Atom => {
    if (!isJaxprLiteral(atom)) return values.get(atom)!;
    return new Literal(Number(atom.value), [], supported(atom.aval.dtype, `the literal ${atom.value}`));
  };
  const scope = builder.scope;
  for (const equation of jaxpr.eqns) {
    const inputs = equation.inputs.map(read);
    let results: Atom[];
    if (`${equation.primitive}` === "jit") {
      const { name, jaxpr: inner } = equation.params as { name: string; jaxpr: Jaxpr };
      const body = () => inline(inner, inputs, builder, residuals);
      builder.scope = scope === "" ? name : `${scope}/${name}`;
      const [{ aval }] = equation.outBinders;
      results = callPrimitive(name, inputs, aval.shape, builder.emit, body, residuals);
      builder.scope = scope;
    } else {
      results = importEquation(equation, inputs, builder);
    }
    equation.outBinders.forEach((binder, index) => {
      values.set(binder, results[index]);
    });
  }
  return jaxpr.outs.map(read);
}

function importEquation(equation: JaxprEquation, inputs: Atom[], builder: GraphBuilder): Atom[] {
  const { primitive, params, outBinders } = equation;
  const expected = outBinders.map(({ aval }) => new Spec(aval.shape, supported(aval.dtype, `${primitive}`)));
  const rule = importRules[`${primitive}`];
  const context: ImportContext = {
    emit: builder.emit,
    constant: builder.constant.bind(builder),
    dtype: expected[0].dtype,
  };
  const results = rule?.(inputs, params, context);
  if (!results) {
    const shown = { op: primitive, params, inputs, outputs: expected.map((e) => new Value(e.shape, e.dtype)) };
    throw new Error(
      `The engine cannot run the primitive "${primitive}": ${formatEquation({ ...shown, scope: "" } as never)}, ` +
        `traced in ${builder.scope || "the compiled function itself"}. Express it through supported operations, or add ` +
        "a rule to src/engine/trace/import-rules.ts.",
    );
  }
  results.forEach((result, index) => {
    if (!sameShape(result.shape, expected[index].shape)) {
      throw new Error(`internal: ${primitive} gave shape [${result.shape}], traced as [${expected[index].shape}]`);
    }
  });
  return results;
}

function supported(dtype: string, where: string): DType {
  if (dtype === "float32" || dtype === "float64" || dtype === "int32" || dtype === "bool") return dtype;
  throw new Error(
    `The engine computes in float32, float64, int32 and bool; ${where} is ${dtype}. Cast it before it enters.`,
  );
}

function elements(array: JaxArray): TypedArray {
  const data = array.ref.dataSync() as TypedArray;
  return array.dtype === "bool" ? Uint8Array.from(data) : data.slice();
}
