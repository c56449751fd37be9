/**
 * @file Which tensors of a file may be a model's parameters: all that stand behind one prefix. Wrappers and containers put words
 * before the names (`state_dict`, `model.`, `ema.`) or between their parts (`_orig_mod`, `module`); whatever they are, the
 * names that end like a parameter's and begin alike are one group.
 */
import { sameShape } from "../engine/spec.js";
import { UserError, type UserErrorOptions } from "../errors.js";
import { shown } from "../io/python/pickle-text.js";
import type { Contents, Leaf, LeafList } from "./contents.js";
import type { NamedShape, Naming } from "./namings.js";

/** Words that wrappers put at any place of a name: `torch.compile`, data parallelism, sharding, checkpointing. */
const WRAPPERS = new Set([
  ...["_orig_mod", "module", "_module", "_forward_module", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"],
]);

/** Types of numbers that weights can be in. */
const REAL = new Set(["float32", "float64", "float16", "bfloat16"]);

/** Parts of the longest name. */
const LONGEST_NAME = 12;

/** Tensors that stand behind one prefix, and how well they fit a model. */
export interface TensorGroup {
  naming: Naming;
  /** What stands before the names, in pieces. */
  prefix: string[];
  /** The same for people, and for the option that chooses: "state_dict._orig_mod"; "." where there is none. */
  label: string;
  /** The tensor of each parameter, by our path. */
  found: Map<string, Leaf>;
  missing: NamedShape[];
  misfits: { parameter: NamedShape; leaf: Leaf }[];
  /** Tensors behind the prefix that look like parameters of such a model, but of a larger one. */
  extra: Leaf[];
  /** Whether these are the parameters of the model, all of them and nothing else. */
  fits: boolean;
}

export const stripWrappers = (pieces: readonly string[]): string[] => pieces.filter((piece) => !WRAPPERS.has(piece));
export const labelOf = (pieces: readonly string[]): string => pieces.join(".") || ".";

interface Claims {
  prefix: string[];
  found: Map<string, Leaf>;
}

/** The groups of tensors that bear names of a naming, those that have most of them first. */
export function groupsIn(contents: Contents, naming: Naming): TensorGroup[] {
  const byName = new Map(naming.parameters.map((parameter) => [piecesOf(parameter.name).join("."), parameter]));
  const byPlainName = new Map(naming.parameters.map((parameter) => [parameter.name.replaceAll(".", ""), parameter]));
  const claims = new Map<string, Claims>();
  for (const leaf of contents.leaves) {
    const matches = [
      ...dottedMatches(leaf, byName),
      ...(naming.whose === "Flax" ? [] : plainMatches(leaf, byPlainName)),
    ];
    for (const { prefix, parameter } of matches) {
      const key = JSON.stringify(prefix);
      const claim = claims.get(key) ?? { prefix, found: new Map<string, Leaf>() };
      claims.set(key, claim);
      if (!claim.found.has(parameter.path)) claim.found.set(parameter.path, leaf);
    }
  }
  return merged([...claims.values()], naming.parameters.length)
    .map(({ prefix, found }) => assess(contents, naming, prefix, found))
    .sort((a, b) => fitting(b) - fitting(a));
}

const piecesOf = (name: string): string[] => name.split(/[./]/);
/** Parameters that a group has in the right shape. */
export const fitting = ({ found, misfits }: TensorGroup): number => found.size - misfits.length;

/** Parameters whose name a path ends with, wrappers between its parts skipped. */
function dottedMatches({ pieces }: Leaf, byName: ReadonlyMap<string, NamedShape>) {
  const places = pieces.map((_, index) => index).filter((index) => !WRAPPERS.has(pieces[index]));
  return places.slice(-LONGEST_NAME).flatMap((start, index, tail) => {
    const name = tail
      .slice(index)
      .map((place) => pieces[place])
      .join(".");
    const parameter = byName.get(name);
    return parameter ? [{ prefix: pieces.slice(0, start), parameter }] : [];
  });
}

/** Parameters whose name without dots the last piece ends with, as modules of averages register them as buffers. */
function plainMatches({ pieces }: Leaf, byPlainName: ReadonlyMap<string, NamedShape>) {
  const last = pieces.at(-1) ?? "";
  const matches: { prefix: string[]; parameter: NamedShape }[] = [];
  if (last.length > 200) return matches;
  for (let start = 0; start < last.length; start++) {
    const parameter = byPlainName.get(last.slice(start));
    if (!parameter?.name.includes(".")) continue;
    const before = last.slice(0, start);
    matches.push({ prefix: [...pieces.slice(0, -1), ...(before ? [before] : [])], parameter });
  }
  return matches;
}

/** Groups whose prefixes differ in wrappers alone are one, unless they have parameters in common. */
function merged(claims: readonly Claims[], whole: number): Claims[] {
  const byPlain = new Map<string, Claims[]>();
  for (const claim of claims) {
    const key = JSON.stringify(stripWrappers(claim.prefix));
    byPlain.set(key, [...(byPlain.get(key) ?? []), claim]);
  }
  return [...byPlain.values()].flatMap((group) => {
    const all = new Map(group.flatMap(({ found }) => [...found]));
    const count = group.reduce((sum, { found }) => sum + found.size, 0);
    if (group.length === 1 || all.size < count || group.some(({ found }) => found.size === whole)) return group;
    return [{ prefix: group.reduce((a, b) => (b.prefix.length < a.prefix.length ? b : a)).prefix, found: all }];
  });
}

/** How well the tensors behind a prefix fit. */
function assess(contents: Contents, naming: Naming, prefix: string[], found: Map<string, Leaf>): TensorGroup {
  const missing = naming.parameters.filter(({ path }) => !found.has(path));
  const misfits = naming.parameters.flatMap((parameter) => {
    const leaf = found.get(parameter.path);
    return leaf && !isFitting(leaf, parameter) ? [{ parameter, leaf }] : [];
  });
  const tops = new Set(naming.parameters.map(({ name }) => topOf(piecesOf(name))));
  const used = new Set(found.values());
  const extra = contents.leaves.filter(
    (leaf) =>
      !used.has(leaf) &&
      prefix.every((piece, index) => leaf.pieces[index] === piece) &&
      tops.has(topOf(stripWrappers(leaf.pieces.slice(prefix.length)))),
  );
  const fits = missing.length + misfits.length + extra.length === 0;
  return { naming, prefix, label: labelOf(prefix), found, missing, misfits, extra, fits };
}

/** The first part of a name, without the number that Flax counts lists with. */
const topOf = ([first = ""]: readonly string[]): string => first.replace(/_\d+$/, "");

const isFitting = (leaf: Leaf, { shape }: NamedShape): boolean =>
  leaf.read !== undefined && REAL.has(leaf.dtype) && sameShape(leaf.shape, shape);

/**
 * A list of tensors as a group: one for each parameter, in one of these orders.
 *
 * @returns undefined where the list has another length, or other shapes in every order
 */
export function groupOfList(list: LeafList, orders: readonly Naming[]): TensorGroup | undefined {
  for (const naming of orders) {
    const { parameters } = naming;
    if (list.leaves.length !== parameters.length) continue;
    if (!list.leaves.every((leaf, index) => isFitting(leaf, parameters[index]))) continue;
    const found = new Map(parameters.map(({ path }, index) => [path, list.leaves[index]]));
    const { pieces: prefix } = list;
    return { naming, prefix, label: labelOf(prefix), found, missing: [], misfits: [], extra: [], fits: true };
  }
  return undefined;
}

/** Tensors of one kind of problem that a message names; the others are counted. */
const NAMED = 10;

/** What is wrong with a group that should be a model's parameters, in one error. */
export function misfitError(group: TensorGroup, where: string, total: number, options: UserErrorOptions): UserError {
  const lines = [
    ...section(
      "missing",
      group.missing.map(({ name, shape }) => `${name} [${shape.join(", ")}]`),
    ),
    ...section(
      "of another shape or type",
      group.misfits.map(
        ({ parameter, leaf }) => `${parameter.name}: expected [${parameter.shape.join(", ")}], got ${described(leaf)}`,
      ),
    ),
    ...section(
      "not of this model",
      group.extra.map((leaf) =>
        shown(leaf.pieces.slice(group.prefix.length).join(group.naming.whose === "Flax" ? "/" : ".")),
      ),
    ),
  ];
  const behind = group.prefix.length > 0 ? ` behind ${shown(group.label)}` : "";
  return new UserError(
    "wrong-model",
    `Expected the ${group.naming.parameters.length} parameters of this model in ${where}, ` +
      `got ${total} ${total === 1 ? "tensor" : "tensors"}${behind} that do not fit:\n${lines.join("\n")}`,
    options,
  );
}

function described({ dtype, shape, read }: Leaf): string {
  const sizes = `[${shape.slice(0, 8).join(", ")}${shape.length > 8 ? ", …" : ""}]`;
  return read ? `${dtype} ${sizes}` : `a tensor that is not read (${shown(dtype).slice(1, -1)})`;
}

function section(title: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const more = names.length - NAMED;
  const named = names.slice(0, NAMED).map((name) => `    ${name}`);
  return [`  ${names.length} ${title}:`, ...named, ...(more > 0 ? [`    … and ${more} more`] : [])];
}
