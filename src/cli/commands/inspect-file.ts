/** @file `strata inspect FILE`: what a file of weights or an ONNX program holds. */
import { existsSync, statSync } from "node:fs";
import { extname } from "node:path";
import { type Flaws, listFlaws } from "../../io/tensors/flaws.js";
import { formatBytes, formatCount } from "../../number-format.js";
import { describeWeightsFile, type FileDescription } from "../../weights/describe-file.js";
import type { OnnxDescription } from "../../weights/onnx/describe-onnx.js";
import { beginsLikeWeights } from "../../weights/weights-file.js";
import type { Context } from "../options/command.js";
import { facts, table } from "../output/table.js";

/** Endings of files of weights and of programs. */
const WEIGHTS = new Set([".pt", ".pth", ".ckpt", ".bin", ".tar", ".p", ".pkl", ".pickle", ".safetensors"]);
const PROGRAM = ".onnx";

/** Whether what was named is a file of weights or a program, by its ending or its first bytes. */
export async function isModelFile(what: string): Promise<boolean> {
  const ending = extname(what).toLowerCase();
  if (existsSync(what) && statSync(what).isDirectory()) return false;
  return WEIGHTS.has(ending) || ending === PROGRAM || beginsLikeWeights(what);
}

/** Describes the file; what is wrong with its values is told in any case. */
export async function inspectFile({ result }: Pick<Context, "result">, file: string): Promise<void> {
  if (extname(file).toLowerCase() === PROGRAM) {
    const { describeOnnxFile } = await import("../../weights/onnx/describe-onnx.js");
    const description = await describeOnnxFile(file);
    result(description, onnxText(description));
    return;
  }
  const description = await describeWeightsFile(file);
  result(description, weightsText(description));
}

/** Tensors that are listed one by one; a larger file is shown by its groups, and whole with --json. */
const MOST_LISTED = 200;

const right = (heading: string) => ({ heading, align: "right" as const });
const sizes = (shape: readonly (number | string)[]): string => shape.join("×") || "scalar";

/** A name from a file, without what could move the cursor of a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const plain = (name: string): string => name.replace(/[\u0000-\u001f\u007f-\u009f]/g, "?").slice(0, 200);

function weightsText(description: FileDescription): string {
  const { file, format, protocol, metadata, tensors, elements, groups, model, notes, step, optimizer } = description;
  const heading = facts([
    ["file", `${file} (${formatBytes(statSync(file).size)})`],
    ["format", protocol === undefined ? format : `${format}, pickle protocol ${protocol}`],
    ["tensors", formatCount(tensors.length)],
    ["elements", formatCount(elements)],
    ["fits", model ?? "no preset"],
    ...(step === undefined ? [] : [["step", formatCount(step)] as [string, string]]),
    ...(optimizer === undefined ? [] : [["optimizer", optimizer] as [string, string]]),
    ["values", flawText(tensors)],
    ...Object.entries(metadata).map(([name, value]): [string, string] => [plain(name), plain(value)]),
  ]);
  const byGroup = table(
    [{ heading: "group" }, right("tensors"), right("elements"), { heading: "type" }],
    groups.map(({ name, tensors: count, elements: size, types }) => [
      plain(name),
      ...[formatCount(count), formatCount(size), plain(types.join(", "))],
    ]),
  );
  const listed = table(
    [{ heading: "tensor" }, { heading: "type" }, { heading: "shape" }],
    tensors.slice(0, MOST_LISTED).map(({ name, dtype, shape }) => [plain(name), plain(dtype), sizes(shape)]),
  );
  const more =
    tensors.length > MOST_LISTED
      ? [`… and ${formatCount(tensors.length - MOST_LISTED)} more tensors; --json lists them all.`]
      : [];
  return [heading, notes.join("\n"), byGroup, listed, ...more].filter((part) => part !== "").join("\n\n");
}

function onnxText(description: OnnxDescription): string {
  const { file, irVersion, opsets, producer, inputs, outputs, initializers, elements, nodes, operators } = description;
  const values = (kind: string, list: OnnxDescription["inputs"]) =>
    list.map(({ name, type, shape }) => [kind, plain(name), type, plain(sizes(shape))]);
  const elsewhere = initializers.filter((each) => each.elsewhere).length;
  return [
    facts([
      ["file", `${file} (${formatBytes(statSync(file).size)})`],
      ["format", `ONNX, IR version ${irVersion}`],
      [
        "opset",
        plain(
          Object.entries(opsets)
            .map(([domain, version]) => `${domain} ${version}`)
            .join(", "),
        ) || "none",
      ],
      ["producer", plain(producer) || "not told"],
      ["nodes", formatCount(nodes)],
      [
        "initialisers",
        `${formatCount(initializers.length)}, ${formatCount(elements)} elements${elsewhere > 0 ? `, ${elsewhere} of them in other files` : ""}`,
      ],
      ["values", flawText(initializers)],
    ]),
    table(
      [{ heading: "" }, { heading: "name" }, { heading: "type" }, { heading: "shape" }],
      [...values("input", inputs), ...values("output", outputs)],
    ),
    table(
      [{ heading: "operator" }, right("nodes")],
      Object.entries(operators).map(([name, count]) => [plain(name), formatCount(count)]),
    ),
  ].join("\n\n");
}

/** What is wrong with the values of tensors, in one line. */
function flawText(tensors: readonly { name: string; flaws?: Flaws }[]): string {
  const flawed = tensors.flatMap(({ name, flaws }) => (flaws ? [[plain(name), flaws] as const] : []));
  return flawed.length === 0
    ? "all are numbers"
    : `no numbers in ${flawed.length === 1 ? "1 tensor" : `${flawed.length} tensors`}: ${listFlaws(flawed)}`;
}
