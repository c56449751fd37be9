/** @file What a source of images holds: every image decoded once and counted, what is unusual named. */
import { availableParallelism } from "node:os";
import { TooLarge } from "../decoding/decode.js";
import { setForManyImages } from "../decoding/many-images.js";
import type { Split } from "../image-set.js";
import { lostText, withoutLost } from "../sources/labels.js";
import type { Listing, SourceContent, UnusedFiles } from "../sources/source.js";
import { DigestTable } from "./digest-table.js";
import { type ImageFacts, inspectImage, inspectPixels } from "./inspect-image.js";

/** Wider or higher than this, the centre square is less than half of an image. */
const WIDE = 2;

/** Every kind by name: what is said of its images, and what is done with them. */
export const treatments = {
  unreadable: { images: "unreadable", treatment: "left out" },
  oversized: { images: "too large", treatment: "left out, unopened" },
  duplicate: { images: "the same pixels as another", treatment: "kept: remove the copies that are not meant" },
  animated: { images: "animated, or of several pages", treatment: "first picture taken" },
  transparent: { images: "transparent", treatment: "placed on white" },
  cmyk: { images: "CMYK", treatment: "converted to sRGB" },
  deep: { images: "more than 8 bits a channel", treatment: "reduced to 8 bits" },
  turned: { images: "turned by EXIF", treatment: "set upright" },
  grey: { images: "grey", treatment: "three equal channels" },
  wide: { images: `longer than ${WIDE}:1`, treatment: "centre square taken, the rest cut off" },
} as const;

export type Kind = keyof typeof treatments;
export const kinds = Object.keys(treatments) as Kind[];

/** Images of one kind: how many, and the first of them by name. */
export interface Named {
  count: number;
  files: { file: string; note?: string }[];
}

export interface ScanSummary {
  /** Images that can be used, in all and by split; of some sets validation is a part of test. */
  usable: number;
  splits: Record<Split, number>;
  /** Usable images of every class; empty without labels. */
  classes: { name: string; count: number }[];
  formats: Record<string, number>;
  /** The most common sizes, most common first, and how many others there are. */
  sizes: { width: number; height: number; count: number }[];
  otherSizes: number;
  /** The shorter side, pixels: of the smallest image, the middle one and the largest. */
  shorterSide: { least: number; median: number; most: number };
  /** Mean share of an image's area outside its centre square. */
  cropLoss: number;
  /** Usable images whose shorter side has fewer pixels than the presets' resolution. */
  small: number;
  kinds: Record<Kind, Named>;
  /** Files that the source itself left out. */
  refused: Named;
  /** Files that serve for nothing, by kind. */
  unused: UnusedFiles[];
  /** What was guessed about the source, in sentences. */
  notices: string[];
  /** Usable images whose pixels another image in another split has too. */
  duplicatesAcrossSplits: number;
}

/** The lowest resolution of the presets. */
const SMALL = 32;
/** How many images of a kind are named. */
const NAMED = 1000;
/** Sizes that are counted one by one; photographs of any size have no more than some ten thousand. */
const COUNTED_SIZES = 100_000;
const SHOWN_SIZES = 5;

/**
 * Reads and decodes every image of a listing, several at a time.
 *
 * Memory: some 30 bytes an image, for its digest, and the images being decoded.
 *
 * @param onProgress - images looked at so far
 * @throws the signal's reason when it aborts, and what reading throws
 */
export async function scan(
  listing: Listing,
  { signal, onProgress }: { signal: AbortSignal; onProgress?: (done: number) => void },
): Promise<ScanSummary> {
  using _ = await setForManyImages();
  const tally = new Tally(listing);
  let done = 0;
  for await (const finding of inOrder(listing.read(signal), 2 * availableParallelism(), look)) {
    signal.throwIfAborted();
    tally.add(finding);
    onProgress?.(++done);
  }
  signal.throwIfAborted();
  return tally.summary();
}

/** One image looked at: its facts, or why it cannot be used. */
type Finding = { index: number } & ({ facts: ImageFacts } | { problem: string; tooLarge?: boolean });

async function look(item: SourceContent): Promise<Finding> {
  const { index } = item;
  if ("error" in item) return { index, problem: item.error, tooLarge: item.tooLarge };
  if ("pixels" in item) return { index, facts: inspectPixels(item) };
  return inspectImage(item.encoded).then(
    (facts) => ({ index, facts }),
    (error: Error) => ({ index, problem: error.message, tooLarge: error instanceof TooLarge }),
  );
}

/** Maps what comes, `ahead` at a time, in its order. */
async function* inOrder<From, To>(
  source: AsyncIterable<From>,
  ahead: number,
  map: (item: From) => Promise<To>,
): AsyncGenerator<To> {
  const waiting: Promise<To>[] = [];
  for await (const item of source) {
    waiting.push(map(item));
    if (waiting.length >= ahead) yield await waiting.shift()!;
  }
  for (const result of waiting) yield await result;
}

const none = (): Named => ({ count: 0, files: [] });

function note(named: Named, file: string, text?: string): void {
  named.count++;
  if (named.files.length < NAMED) named.files.push({ file, ...(text === undefined ? {} : { note: text }) });
}

const increase = <Key>(counts: Map<Key, number>, key: Key): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};

/** Counts findings one after another. */
class Tally {
  readonly #listing: Omit<Listing, "read">;
  #usable = 0;
  readonly #splits: Record<Split, number> = { train: 0, validation: 0, test: 0 };
  readonly #classes: number[];
  readonly #formats = new Map<string, number>();
  readonly #sizes = new Map<string, number>();
  readonly #shorterSides = new Map<number, number>();
  #loss = 0;
  readonly #digests: DigestTable;
  #acrossSplits = 0;
  readonly #kinds = Object.fromEntries(kinds.map((kind) => [kind, none()])) as Record<Kind, Named>;

  constructor(listing: Omit<Listing, "read">) {
    this.#listing = listing;
    this.#classes = listing.classes.map(() => 0);
    this.#digests = new DigestTable(listing.images.length);
  }

  /** Counts one image. */
  add(finding: Finding): void {
    const { name, split, alsoValidation, label } = this.#listing.images[finding.index];
    if ("problem" in finding) {
      note(this.#kinds[finding.tooLarge ? "oversized" : "unreadable"], name, finding.problem);
      return;
    }
    const { facts } = finding;
    const { width, height } = facts;
    this.#usable++;
    this.#splits[split]++;
    if (alsoValidation) this.#splits.validation++;
    if (label !== undefined) this.#classes[label]++;
    increase(this.#formats, facts.format);
    const size = `${width}×${height}`;
    if (this.#sizes.has(size) || this.#sizes.size < COUNTED_SIZES) increase(this.#sizes, size);
    const [shorter, longer] = [Math.min(width, height), Math.max(width, height)];
    increase(this.#shorterSides, shorter);
    this.#loss += 1 - shorter / longer;
    this.#addKinds(name, facts, longer / shorter);
    this.#addDigest(finding.index, facts.digest);
  }

  #addKinds(name: string, facts: ImageFacts, aspect: number): void {
    const { width, height, frames } = facts;
    const size = `${width}×${height}`;
    if (frames > 1) note(this.#kinds.animated, name, `${frames} pictures`);
    if (aspect > WIDE) note(this.#kinds.wide, name, size);
    for (const kind of ["transparent", "cmyk", "deep", "turned", "grey"] as const) {
      if (facts[kind]) note(this.#kinds[kind], name);
    }
  }

  #addDigest(index: number, digest: Uint8Array): void {
    const first = this.#digests.add(digest, index);
    if (first === undefined) return;
    const { images } = this.#listing;
    note(this.#kinds.duplicate, images[index].name, `the same as ${images[first].name}`);
    if (images[index].split !== images[first].split) this.#acrossSplits++;
  }

  summary(): ScanSummary {
    const sizes = [...this.#sizes].sort(([, a], [, b]) => b - a);
    const refused = none();
    for (const { file, reason } of this.#listing.refused) note(refused, file, reason);
    const listed = new Set(this.#listing.images.map(({ label }) => label));
    const isLost = (label: number) => listed.has(label) && this.#classes[label] === 0;
    const { classes, lost } = withoutLost(this.#listing.classes, isLost);
    return {
      usable: this.#usable,
      splits: { ...this.#splits },
      classes: classes.map((name) => ({ name, count: this.#classes[this.#listing.classes.indexOf(name)] })),
      formats: Object.fromEntries([...this.#formats].sort(([, a], [, b]) => b - a)),
      sizes: sizes.slice(0, SHOWN_SIZES).map(([size, count]) => {
        const [width, height] = size.split("×").map(Number);
        return { width, height, count };
      }),
      otherSizes: Math.max(sizes.length - SHOWN_SIZES, 0),
      shorterSide: spreadOf(this.#shorterSides),
      cropLoss: this.#usable > 0 ? this.#loss / this.#usable : 0,
      small: [...this.#shorterSides].reduce((sum, [side, count]) => (side < SMALL ? sum + count : sum), 0),
      kinds: this.#kinds,
      refused,
      unused: [...(this.#listing.unused ?? [])],
      notices: [...(this.#listing.notices ?? []), ...(lost.length > 0 ? [lostText(lost)] : [])],
      duplicatesAcrossSplits: this.#acrossSplits,
    };
  }
}

/** Least, median (the lower one) and most of counted values; 0 of none. */
function spreadOf(counts: ReadonlyMap<number, number>): ScanSummary["shorterSide"] {
  const values = [...counts].sort(([a], [b]) => a - b);
  const total = values.reduce((sum, [, count]) => sum + count, 0);
  let passed = 0;
  const middle = values.find(([, count]) => {
    passed += count;
    return 2 * passed >= total;
  });
  return { least: values[0]?.[0] ?? 0, median: middle?.[0] ?? 0, most: values.at(-1)?.[0] ?? 0 };
}
