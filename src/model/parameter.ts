/** @file What is known of a parameter before it exists: shape, initial distribution, and its names in the authors' programs. */

/** Initial distribution of a parameter; `scale` multiplies the drawn values. */
export type Initialiser =
  | { kind: "zeros" }
  | { kind: "glorot-uniform"; scale: number }
  | { kind: "lecun-normal" }
  | { kind: "normal"; variance: number };

/** A parameter that need not exist yet. */
export class ParameterSpec {
  constructor(
    readonly shape: number[],
    readonly init: Initialiser,
    readonly names: ForeignName,
  ) {}
}

/** What one module or parameter is called in PyTorch and in Flax; a string where both agree. */
export type LocalName = string | { torch: string; flax: string };

/**
 * What the authors' two programs call a module or a parameter. Their modules are not always ours, and stand in another order.
 *
 * PyTorch joins names by dots and numbers the elements of a list: `layer_list.0.conv1.weight`. Flax joins them by slashes. It
 * counts modules made in `__call__` by their class (`Conv_0`, `Conv_1`, `Embed_0`), and elements of a list that `setup`
 * assigns by the list: `layer_list_0/Conv_0/kernel`.
 */
export class ForeignName {
  /** The model itself, which has no name. */
  static readonly model = new ForeignName("", "", []);

  private constructor(
    readonly torch: string,
    readonly flax: string,
    /** Where PyTorch's `model.parameters()` comes to it: a place among its siblings for it and for each module around it. */
    readonly order: readonly number[],
  ) {}

  /** Something inside this module. `order` is its place among its siblings, or several for a list inside a list. */
  inside(name: LocalName, ...order: number[]): ForeignName {
    const { torch, flax } = typeof name === "string" ? { torch: name, flax: name } : name;
    const join = (path: string, separator: string, part: string) => (path === "" ? part : path + separator + part);
    return new ForeignName(join(this.torch, ".", torch), join(this.flax, "/", flax), [...this.order, ...order]);
  }

  /** All that this module consists of, in the order in which the authors' PyTorch code defines it. */
  parts<Part extends string>(names: Record<Part, LocalName>): Record<Part, ForeignName> {
    const parts = Object.entries<LocalName>(names).map(([part, name], place) => [part, this.inside(name, place)]);
    return Object.fromEntries(parts) as Record<Part, ForeignName>;
  }

  /** An element of this list. */
  element(index: number): ForeignName {
    return new ForeignName(`${this.torch}.${index}`, `${this.flax}_${index}`, [...this.order, index]);
  }

  /** Sorts as PyTorch's `model.parameters()` does, which the authors' lists of averages and moments follow. */
  static compare({ order: a }: ForeignName, { order: b }: ForeignName): number {
    const at = a.findIndex((place, depth) => place !== b[depth]);
    return at < 0 ? a.length - b.length : a[at] - b[at];
  }
}
