/** @file What a file of weights holds, for people who want to know before they use it. */
import { type Config, parseConfig, resolvePreset } from "../config/index.js";
import { nameOf } from "../io/python/python-objects.js";
import { type Flaws, flawsOf } from "../io/tensors/flaws.js";
import { elementCount } from "../io/tensors/tensor.js";
import { chooseTensors, describeChoice, presetOf, roleOf, summary } from "./choose-tensors.js";
import { type Contents, contentsOf, type Leaf } from "./contents.js";
import { namings } from "./namings.js";
import { groupsIn } from "./tensor-groups.js";
import { countersIn } from "./training-state.js";
import { openWeightsFile, type WeightsFile } from "./weights-file.js";

/** Tensors that stand together in a file. */
interface DescribedGroup {
  name: string;
  tensors: number;
  elements: number;
  /** Types of their elements, or what they are where they cannot be read. */
  types: string[];
}

interface DescribedTensor {
  name: string;
  dtype: string;
  shape: number[];
  /** How many of its values are no numbers that a network can compute with. */
  flaws?: Flaws;
}

/** What a file of weights holds. */
export interface FileDescription {
  file: string;
  format: WeightsFile["format"];
  /** Of its pickle. */
  protocol?: number;
  metadata: Record<string, string>;
  tensors: DescribedTensor[];
  /** Numbers in all tensors. */
  elements: number;
  groups: DescribedGroup[];
  /** Whose model it is: a preset, or what the file itself says. */
  model?: string;
  /** What `import` would take of it and what not, in sentences; where no preset fits, what is known of its names. */
  notes: string[];
  /** Updates it was trained for, where it tells. */
  step?: number;
  optimizer?: string;
}

/**
 * Describes a file of weights; nothing of it is run.
 *
 * @throws UserError when it is of no known kind or damaged
 */
export async function describeWeightsFile(path: string): Promise<FileDescription> {
  const { format, value, protocol, metadata = {} } = await openWeightsFile(path);
  const contents = contentsOf(value, path);
  const { leaves } = contents;
  const model = modelOf(contents, metadata);
  const step = countersIn(contents, resolvePreset("cifar10"))?.updates ?? numberIn(metadata.step);
  const optimizer = optimizerOf(contents);
  return {
    file: path,
    format,
    ...(protocol !== undefined && { protocol }),
    metadata,
    tensors: leaves.map(describeLeaf),
    elements: leaves.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    groups: groupsOf(leaves),
    ...(model && { model: model.name }),
    notes: model ? takenFrom(contents, model.config, path) : [...namesIn(contents), ...objectsIn(contents)],
    ...(step !== undefined && { step }),
    ...(optimizer !== undefined && { optimizer }),
  };
}

const numberIn = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;

function describeLeaf({ keys, dtype, shape, read }: Leaf): DescribedTensor {
  const flaws = read && flawsOf(read());
  return { name: keys.join("."), dtype, shape, ...(flaws && { flaws }) };
}

/** The configuration that the file carries, or the preset that it fits. */
function modelOf(contents: Contents, metadata: Record<string, string>): { name: string; config: Config } | undefined {
  try {
    const config = parseConfig(JSON.parse(metadata.config), { source: "metadata" });
    return { name: `${config.preset} (its own metadata)`, config };
  } catch {
    const preset = presetOf(contents);
    return preset === undefined ? undefined : { name: preset, config: resolvePreset(preset) };
  }
}

/** What `import` would say, or why it would refuse. */
function takenFrom(contents: Contents, config: Config, path: string): string[] {
  try {
    return describeChoice(chooseTensors(contents, config, path), contents.objects);
  } catch (error) {
    return [(error as Error).message, ...objectsIn(contents)];
  }
}

/** Whose names most of the tensors bear, and what stands before them, where no preset fits. */
function namesIn(contents: Contents): string[] {
  const groups = (["cifar10", "imagenet32", "imagenet64-superres"] as const).flatMap((preset) =>
    namings(resolvePreset(preset)).flatMap((naming) => groupsIn(contents, naming).slice(0, 3)),
  );
  const best = groups.reduce<(typeof groups)[number] | undefined>(
    (a, b) => (a === undefined || b.found.size > a.found.size ? b : a),
    undefined,
  );
  if (!best || best.found.size < LEAST_NAMES)
    return ["No names of such a model: the file is of another kind of network."];
  const whose = { authors: "the authors' PyTorch", ours: "this program's", Flax: "the authors' Flax" }[
    best.naming.whose
  ];
  const alike = groups.filter(({ naming, found }) => naming === best.naming && found.size === best.found.size);
  const behind = alike.map(({ prefix, label }) => {
    const role = roleOf(prefix, contents);
    return `${role === "optimizer" ? "moments of an optimizer" : role}${prefix.length > 0 ? ` behind \`${label}\`` : ""}`;
  });
  return [
    `Names as ${whose} model has them: ${behind.join(", ")}. No preset has these sizes: import needs the configuration.`,
  ];
}

/** Fewer names may be alike by chance. */
const LEAST_NAMES = 8;

const objectsIn = ({ objects }: Contents): string[] =>
  objects.length === 0 ? [] : [`Not read, being objects: ${summary(objects.map(({ value }) => nameOf(value)))}.`];

/** Tensors by what their paths begin with: a key of the file, and the part behind it where there are few of those. */
function groupsOf(leaves: readonly Leaf[]): DescribedGroup[] {
  const byFirst = grouped(leaves, ({ pieces }) => pieces[0] ?? "");
  const groups = [...byFirst].flatMap(([first, members]): [string, Leaf[]][] => {
    const bySecond = grouped(members, ({ pieces }) => pieces[1] ?? "");
    const few =
      bySecond.size > 1 && bySecond.size <= MOST_PARTS && [...bySecond.keys()].every((part) => !/^\d*$/.test(part));
    return few ? [...bySecond].map(([second, some]) => [`${first}.${second}`, some]) : [[first, members]];
  });
  return groups.map(([name, members]) => ({
    name,
    tensors: members.length,
    elements: members.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    types: [...new Set(members.map(({ dtype }) => dtype))],
  }));
}

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group) group.push(one);
    else groups.set(keyOf(one), [one]);
  }
  return groups;
}

/** Parts of a group that are shown by themselves. */
const MOST_PARTS = 8;

/** What keeps the state of which optimizer. */
const OPTIMIZERS: [string, string][] = [
  ["exp_inf", "Adamax"],
  ["exp_avg_sq", "Adam or AdamW"],
  ["momentum_buffer", "SGD with momentum"],
];

function optimizerOf({ optimizers }: Contents): string | undefined {
  if (optimizers.length === 0) return undefined;
  const [state] = optimizers[0].states;
  const kind = OPTIMIZERS.find(([key]) => state instanceof Map && state.has(key));
  return kind ? `${kind[1]}, ${optimizers[0].states.length} parameters` : "without state";
}
