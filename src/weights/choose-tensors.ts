/**
 * @file Which tensors of a file become a model's weights, and which their average: the rule, and what is told of it.
 *
 * Sets of tensors that fit the model compete by what stands before their names. Words for averages make an average, words of
 * optimizers nothing; among the rest, the usual containers come before others. Where two have an equal claim, the user is asked.
 */
import { type PresetName, presetNames, resolvePreset } from "../config/index.js";
import { sameShape } from "../engine/spec.js";
import { UserError, type UserErrorOptions } from "../errors.js";
import { isModule, nameOf, type PythonObject } from "../io/python/python-objects.js";
import { bytesOf } from "../io/tensors/tensor.js";
import type { Contents, Leaf } from "./contents.js";
import { type Model, type Naming, namings } from "./namings.js";
import {
  fitting,
  groupOfList,
  groupsIn,
  labelOf,
  misfitError,
  stripWrappers,
  type TensorGroup,
} from "./tensor-groups.js";

/** The tensors to take, and what is left. */
export interface Choice {
  weights?: TensorGroup;
  average?: TensorGroup;
  /** Tensors of neither. */
  unused: Leaf[];
}

/** What usually stands before the names of weights. */
const CONTAINERS = new Set(
  (
    "state_dict model_state_dict model_state model_dict current_model_state model net network netG net_g params parameters weights " +
    "generator g g_state_dict student online vae state"
  ).split(" "),
);
const AVERAGES = new Set("ema swa shadow avg average averaged averages averaging polyak".split(" "));
const OPTIMIZERS = new Set(
  "optimizer optimizers optim opt grad grads gradient gradients momentum moments mu nu".split(" "),
);

/** A table that the authors' Flax model declares and never uses. */
const UNUSED_TABLE = "embed.embedding";

/** What a group of tensors is, judged by what stands before their names. */
type Role = "weights" | "average" | "optimizer";

export function roleOf(pieces: readonly string[], contents: Pick<Contents, "leaves">): Role {
  const plain = stripWrappers(pieces);
  const words = plain.flatMap((piece) =>
    piece
      .replace(/([a-z])([A-Z])/g, "$1_$2")
      .toLowerCase()
      .split(/[^a-z]+/),
  );
  if (plain.some((piece) => /^(exp_|opt_state)/.test(piece))) return "optimizer";
  if (words.some((word) => AVERAGES.has(word))) return "average";
  if (words.some((word) => OPTIMIZERS.has(word))) return "optimizer";
  const at = labelOf(plain);
  const counted = (leaf: Leaf) =>
    leaf.pieces.at(-1) === "n_averaged" && labelOf(stripWrappers(leaf.pieces.slice(0, -1))) === at;
  if (contents.leaves.some(counted)) return "average"; // PyTorch's AveragedModel
  // Lightning keeps the average as its state_dict, and the weights beside it
  const isLightning = contents.leaves.some(({ keys }) => keys[0] === "current_model_state");
  return isLightning && pieces[0] === "state_dict" ? "average" : "weights";
}

/** Whether a set of weights stands where they usually do. */
function isUsual(group: TensorGroup): boolean {
  const last = stripWrappers(group.prefix).at(-1);
  return last === undefined || CONTAINERS.has(last);
}

/**
 * The tensors that are a model's.
 *
 * @param asked - prefixes that the user named: of the weights, and of their average
 * @param where - the file's name, for messages
 * @throws UserError when no tensors fit, when several do equally well, or when an average beside the weights is another model's
 */
export function chooseTensors(contents: Contents, model: Model, where: string, asked: readonly string[] = []): Choice {
  const groups = namings(model).flatMap((naming) => groupsIn(contents, naming));
  const fitted = [...groups.filter(({ fits }) => fits), ...listsThatFit(contents, groups, model)];
  if (asked.length > 0)
    return choice(
      contents,
      asked.map((prefix) => named(prefix, fitted, where)),
    );
  const by = (role: Role) => fitted.filter((group) => roleOf(group.prefix, contents) === role);
  const candidates = by("weights");
  const usual = candidates.filter(isUsual);
  const weights = only(usual.length > 0 ? usual : candidates, "weights", where);
  const average = only(by("average"), "averages", where, weights);
  if (!weights && !average) throw nothingFits(contents, groups, model, where);
  expectNoOtherAverage(contents, groups, fitted, where, weights);
  if (!weights) return choice(contents, [average!], true);
  return choice(contents, average ? [weights, average] : [weights]);
}

function choice(contents: Contents, [first, second]: readonly TensorGroup[], isAverage = false): Choice {
  const used = new Set([first, second].flatMap((group) => (group ? [...group.found.values()] : [])));
  const unused = contents.leaves.filter((leaf) => !used.has(leaf) && leaf.pieces.join(".") !== UNUSED_TABLE);
  return isAverage ? { average: first, unused } : { weights: first, ...(second && { average: second }), unused };
}

/** Lists with a tensor for each parameter, in the order of the weights in the file, or else in the authors'. */
function listsThatFit(contents: Contents, groups: readonly TensorGroup[], model: Model): TensorGroup[] {
  const beside = groups.find(({ fits, naming }) => fits && naming.whose !== "Flax");
  const orders: Naming[] = beside ? [inOrderOf(beside), namings(model)[0]] : [namings(model)[0]];
  return contents.lists.flatMap((list) => groupOfList(list, orders) ?? []);
}

/** The naming of a group with its parameters in the order of the file, which that of a list is likely to be. */
function inOrderOf({ naming, found }: TensorGroup): Naming {
  const byPath = new Map(naming.parameters.map((parameter) => [parameter.path, parameter]));
  return { ...naming, parameters: [...found.keys()].map((path) => byPath.get(path)!) };
}

/** The group that a prefix means. */
function named(prefix: string, fitted: readonly TensorGroup[], where: string): TensorGroup {
  const wanted = prefix.replace(/[./]+$/, "") || ".";
  const found = fitted.find(({ label }) => label === wanted);
  if (found) return found;
  throw new UserError(
    "unknown-name",
    `Expected a prefix of tensors in ${where} that fit this model, ${offered(fitted)}, got ${prefix}.`,
  );
}

/** The option that says which tensors to take, for messages. */
export const tensorsOption = (labels: readonly string[]): string => `\`tensors: ${JSON.stringify(labels)}\``;

const offered = (groups: readonly TensorGroup[]): string =>
  groups.length === 0 ? "of which there are none" : `one of ${groups.map(({ label }) => label).join(", ")}`;

/** The one candidate; of several that are the same numbers the first. */
function only(
  candidates: readonly TensorGroup[],
  what: string,
  where: string,
  beside?: TensorGroup,
): TensorGroup | undefined {
  const [first, ...others] = candidates;
  if (others.every((other) => areSame(first, other))) return first;
  const labels = candidates.map(({ label }) => label);
  const example = beside ? [beside.label, labels[0]] : [labels[0]];
  throw new UserError(
    "ambiguous",
    `Expected one set of ${what} in ${where}, got ${labels.length} with an equal claim: ${labels.join(", ")}. ` +
      `Say which to take: ${tensorsOption(example)}.`,
  );
}

function areSame(a: TensorGroup, b: TensorGroup): boolean {
  return [...a.found].every(([path, leaf]) => {
    const [one, other] = [leaf, b.found.get(path)].map((each) => each?.read?.());
    return (
      one === other || (one && other && one.dtype === other.dtype && Buffer.compare(bytesOf(one), bytesOf(other)) === 0)
    );
  });
}

/** An average that does not fit is not dropped in silence: it says that something is wrong. */
function expectNoOtherAverage(
  contents: Contents,
  groups: readonly TensorGroup[],
  fitted: readonly TensorGroup[],
  where: string,
  weights?: TensorGroup,
): void {
  const alone = weights ? ` To take the weights alone: ${tensorsOption([weights.label])}.` : "";
  const accepted = new Set(fitted.map(({ label }) => label));
  for (const { pieces, leaves } of contents.lists) {
    const label = labelOf(pieces);
    if (roleOf(pieces, contents) !== "average" || accepted.has(label)) continue;
    const { parameters } = (weights ?? fitted[0]).naming;
    if (leaves.length !== parameters.length) {
      throw new UserError(
        "wrong-model",
        `Expected ${parameters.length} tensors in ${where} (${label}), one for each parameter, got a list of ${leaves.length}.${alone}`,
      );
    }
    const found = new Map(parameters.map(({ path }, index) => [path, leaves[index]]));
    const misfits = parameters.flatMap((parameter, index) =>
      sameShape(leaves[index].shape, parameter.shape) ? [] : [{ parameter, leaf: leaves[index] }],
    );
    const naming = (weights ?? fitted[0]).naming;
    const group = { naming, prefix: [], label, found, missing: [], misfits, extra: [], fits: false };
    throw misfitError(group, `${where} (${label})`, leaves.length, {
      advice: `They are an average in another order, or of another model.${alone}`,
    });
  }
  const other = groups.find(
    (group) =>
      !accepted.has(group.label) &&
      roleOf(group.prefix, contents) === "average" &&
      fitting(group) > group.naming.parameters.length / 2,
  );
  if (other)
    throw misfitError(other, where, other.found.size + other.extra.length, {
      advice: `They are an average of another model.${alone}`,
    });
}

/** What to say where no tensors are the model's, with advice that fits what was found. */
function nothingFits(contents: Contents, groups: readonly TensorGroup[], model: Model, where: string): UserError {
  const { leaves, objects, root } = contents;
  const whole = objects.find(({ value }) => isModule(value));
  if (groups.length === 0 && whole) {
    const { full } = (whole.value as PythonObject).type;
    const at = whole.keys.length > 0 ? ` (${whole.keys.join(".")})` : "";
    return new UserError(
      "unsupported-format",
      `Expected tensors by name in ${where}, got a whole module of the class ${full}${at}, whose code is not in the file. ` +
        `Where that code is, save its state dictionary: torch.save(model.state_dict(), "weights.pt").`,
    );
  }
  if (leaves.every(({ keys }) => keys.length === 0)) {
    return new UserError(
      "unsupported-format",
      `Expected tensors by name in ${where}, got ${root}. Save the model's state dictionary: torch.save(model.state_dict(), "weights.pt").`,
    );
  }
  const empty: TensorGroup = {
    naming: namings(model)[0],
    ...{ prefix: [], label: ".", found: new Map(), misfits: [], fits: false },
    missing: namings(model)[0].parameters,
    extra: leaves,
  };
  const best = groups.reduce(
    (a, b) => (fitting(b) > fitting(a) || (fitting(b) === fitting(a) && b.found.size > a.found.size) ? b : a),
    groups[0] ?? empty,
  );
  const total = best === empty ? leaves.length : best.found.size + best.extra.length;
  return misfitError(best, where, total, adviceFor(contents, best));
}

function adviceFor(contents: Contents, best: TensorGroup): UserErrorOptions {
  const preset = presetOf(contents);
  if (preset !== undefined)
    return { advice: `They are those of another preset, ${preset}: give that one.`, details: { preset } };
  if (fitting(best) * 10 < best.naming.parameters.length) {
    const advice =
      "Hardly a name is one of such a model: the file is of another kind of network, or its names were changed.";
    return { advice, details: { names: "unknown" } };
  }
  const unread = best.misfits.find(({ leaf }) => leaf.read === undefined);
  const advice = unread
    ? "Save dense tensors of floating point numbers: quantised, sparse and others are not read."
    : "Give the configuration that the weights were trained with.";
  return { advice };
}

/** The preset whose model the tensors are, if any. */
export function presetOf(contents: Contents): PresetName | undefined {
  return presetNames.find((name) => {
    const config = resolvePreset(name);
    return namings(config).some((naming) => groupsIn(contents, naming).some(({ fits }) => fits));
  });
}

/** What was taken and what not, in a line each. */
export function describeChoice({ weights, average, unused }: Choice, objects: Contents["objects"]): string[] {
  const main = weights ?? average!;
  const from = (group: TensorGroup) => {
    const leaf = [...group.found.values()][0];
    const keys = leaf.keys.slice(0, -1);
    let [depth, inKeys] = [0, 0];
    while (depth < keys.length && inKeys + keys[depth].split(/[./]/).length <= group.prefix.length) {
      inKeys += keys[depth++].split(/[./]/).length;
    }
    const rest = group.prefix.slice(inKeys);
    return [
      ...(depth > 0 ? [` from \`${keys.slice(0, depth).join(".")}\``] : []),
      ...(rest.length > 0 ? [`${depth > 0 ? "," : ""} without the prefix \`${rest.join(".")}.\``] : []),
    ].join("");
  };
  const count = main.found.size;
  const first = weights
    ? `Took ${count} tensors${from(weights)}${average ? `; averages${from(average) || " beside them"}` : ""}`
    : `Took ${count} tensors${from(average!)}, which are averages; there are no other weights`;
  const isAverage = ({ keys }: Contents["objects"][number]) => roleOf(keys, EMPTY) === "average";
  const unread = [...objects.filter(isAverage), ...objects.filter((each) => !isAverage(each))];
  return [
    `${first}.`,
    ...(unused.length > 0 ? [`Not used: ${countedGroups(unused, [weights, average]).join(", ")}.`] : []),
    ...(unread.length > 0
      ? [
          `Not read, being objects: ${summary(unread.map(({ keys, value }) => `${nameOf(value)}${keys.length > 0 ? ` (\`${keys.join(".")}\`)` : ""}`))}.`,
        ]
      : []),
  ];
}

const EMPTY: Pick<Contents, "leaves"> = { leaves: [] };

/** Unused tensors by what they have in common before they part from those that are used: "optimizer (248 tensors)". */
function countedGroups(unused: readonly Leaf[], used: readonly (TensorGroup | undefined)[]): string[] {
  const prefixes = used.flatMap((group) => (group ? [group.prefix] : []));
  const counts = new Map<string, number>();
  for (const { pieces } of unused) {
    const shared = Math.max(0, ...prefixes.map((prefix) => sharedLength(prefix, pieces)));
    const label = pieces.slice(0, shared + 1).join(".");
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const lines = [...counts].map(([label, count]) => `\`${label}\`${count === 1 ? "" : ` (${count} tensors)`}`);
  return lines.length > MOST_NAMED ? [...lines.slice(0, MOST_NAMED), `${lines.length - MOST_NAMED} more`] : lines;
}

function sharedLength(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((piece, index) => piece !== b[index]);
  return at < 0 ? a.length : at;
}

const MOST_NAMED = 8;

/** Different texts with how often each comes, the first few of them. */
export function summary(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const all = [...counts].map(([text, count]) => (count > 1 ? `${text} ×${count}` : text));
  return [...all.slice(0, MOST_NAMED), ...(all.length > MOST_NAMED ? [`${all.length - MOST_NAMED} more`] : [])].join(
    ", ",
  );
}
