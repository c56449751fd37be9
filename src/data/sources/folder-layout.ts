/** @file What the folders of a set of images mean: splits, classes, both or neither; decided by names, and told. */
import { UserError } from "../../errors.js";
import type { Split } from "../image-set.js";
import { firstFolder, listed, normalised } from "./labels.js";
import { type Part, partNamed, partSuggested, partsOf, partsOfAny, saysNothing } from "./split-names.js";

/**
 * What folders mean: nothing; classes; splits; splits with folders of classes inside (`train/cat`), or the other way round
 * (`cat/train`).
 */
export const layouts = ["flat", "classes", "splits", "splits/classes", "classes/splits"] as const;
/** What the folders of a set of images mean. */
export type Layout = (typeof layouts)[number];

/** Where an image belongs by its name. */
interface PlacedImage {
  name: string;
  /** Undefined beside the folders of splits. */
  part: Part | undefined;
  /** Its class, in NFC; undefined where no folder says one. */
  group: string | undefined;
}

export interface Placement {
  layout: Layout;
  images: PlacedImage[];
  /** Folders that were taken for parts, as they are called: "train", "seg_test". */
  folders: Map<string, Part>;
  /** Whether something else than folders says which images are held out. */
  divided?: true;
  /** Sentences about what was unclear. */
  notices: string[];
}

/**
 * Places images by their names.
 *
 * @param names - with `/`
 * @param layout - what the user says that folders mean; undefined: what their names say
 * @param where - the set, for messages
 * @throws UserError when the folders are not what the user says
 */
export function placeImages(names: readonly string[], layout: Layout | undefined, where: string): Placement {
  const top = new Level(names.map((name) => ({ name, rest: normalised(name) })));
  const level = top.inner((folder) => layout !== "flat" && layout !== "classes" && partNamed(folder) === "train");
  if (layout === undefined) return withOuter(guessed(level), level);
  const placement = placed(level, layout);
  if (placement) return placement;
  const folders = listed(level.folders) || "none";
  throw new UserError(
    "invalid-options",
    `Expected ${expected[layout]} in ${where}, as \`layout: "${layout}"\` says, got the folders ${folders}.`,
  );
}

/** Says that outer folders containing everything are ignored, and why. */
function withOuter(placement: Placement, level: Level): Placement {
  const item = level.items.find(({ name, rest }) => rest.length < normalised(name).length);
  if (item === undefined) return placement;
  const name = normalised(item.name);
  const outer = name.slice(0, name.length - item.rest.length - 1);
  const held = outer.split("/").find((folder) => !["train", undefined].includes(partSuggested(folder)));
  const notices = [...placement.notices];
  if (held)
    notices.unshift(
      `Everything lies in ${outer}: it is taken for the whole set, and divided into training and held-out images.`,
    );
  else if (level.folders.length === 0)
    notices.unshift(`All images lie in one folder (${outer}), so there are no classes.`);
  return { ...placement, notices };
}

const expected: Record<Layout, string> = {
  flat: "images",
  classes: "two or more folders of images",
  splits: "folders called train, validation or test, or the like",
  "splits/classes": "folders called train, validation or test, or the like, with two or more folders of classes inside",
  "classes/splits": "two or more folders of classes, with folders called train, validation or test inside",
};

/** An image and what is left of its name at some level of folders, in NFC. */
interface Item {
  name: string;
  rest: string;
}

/** Images beside one another and in the folders there. */
class Level {
  readonly folders: string[];
  readonly #inside = new Map<string, Item[]>();
  /** Images in no folder of this level. */
  readonly beside: Item[] = [];

  constructor(readonly items: readonly Item[]) {
    for (const item of items) {
      const folder = firstFolder(item.rest);
      if (folder === undefined) this.beside.push(item);
      else if (this.#inside.has(folder)) this.#inside.get(folder)!.push(item);
      else this.#inside.set(folder, [item]);
    }
    this.folders = [...this.#inside.keys()].sort();
  }

  /** What lies in a folder. */
  inside(folder: string): Level {
    const items = this.#inside.get(folder) ?? [];
    return new Level(items.map(({ name, rest }) => ({ name, rest: rest.slice(folder.length + 1) })));
  }

  /**
   * Inside the only folder, as long as there is one and most images lie in it, down to one that is to be `kept`. Images beside
   * it come along, to lie beside what is inside.
   */
  inner(kept: (folder: string) => boolean): Level {
    const [only] = this.folders;
    if (this.folders.length !== 1 || kept(only) || 2 * this.beside.length >= this.items.length) return this;
    return new Level([...this.inside(only).items, ...this.beside]).inner(kept);
  }
}

/** What the names of folders say. */
function guessed(level: Level): Placement {
  const found = partsOf(level.folders);
  if (found?.classesBeside) return besideClasses(level, found.parts);
  if (found) return inParts(level, found.parts, undefined);
  const inner = placed(level, "classes/splits", { certain: true });
  if (inner) return inner;
  const suspects = level.folders.filter((folder) => partSuggested(folder) !== undefined);
  const unsure =
    suspects.length > 0 && level.folders.length > 1
      ? [
          `Folders that could be splits, but do not fit together: ${listed(suspects)}. If they are, give \`layout: "splits"\`.`,
        ]
      : [];
  if (isCounted(level)) {
    const told = `Folders that only count the images (${listed(level.folders)}) are not classes. If they are, give \`layout: "classes"\`.`;
    return { ...placed(level, "flat")!, notices: [told] };
  }
  return withFewest(placed(level, "classes"), level, unsure);
}

/** Classes, unless most images lie in none. */
function withFewest(placement: Placement | undefined, level: Level, notices: string[]): Placement {
  const flat = placed(level, "flat")!;
  if (placement === undefined) return flat;
  const inside = placement.images.filter(({ group }) => group !== undefined).length;
  if (2 * inside > placement.images.length) return { ...placement, notices: [...notices, ...placement.notices] };
  const told = `Only ${inside} of ${placement.images.length} images lie in folders (${listed(level.folders)}), so these are not classes. If they are, give \`layout: "classes"\`.`;
  return { ...flat, notices: [told] };
}

const DEEPER = "Folders inside class folders are ignored.";

/** The images under a layout; undefined where there are no such folders. */
function placed(level: Level, layout: Layout, { certain = false } = {}): Placement | undefined {
  const { items, folders } = level;
  const base = { layout, folders: new Map<string, Part>(), notices: [] };
  switch (layout) {
    case "flat":
      return { ...base, images: items.map(({ name }) => ({ name, part: "train", group: undefined })) };
    case "classes":
      if (folders.length < 2) return undefined;
      return {
        ...base,
        images: items.map(({ name, rest }) => ({ name, part: "train", group: firstFolder(rest) })),
        notices: items.some(({ rest }) => rest.indexOf("/") < rest.lastIndexOf("/")) ? [DEEPER] : [],
      };
    case "splits":
    case "splits/classes": {
      const parts = partsOfAny(folders);
      if (parts.size === 0) return undefined;
      const placement = inParts(level, parts, layout === "splits/classes");
      return placement.layout === layout ? placement : undefined;
    }
    case "classes/splits":
      return inClasses(level, certain);
  }
}

/** Images in folders of parts, whose own folders are classes where there are several: the classes of the training images. */
function inParts(level: Level, parts: Map<string, Part>, withClasses: boolean | undefined): Placement {
  const notices: string[] = [];
  const inside = new Map([...parts.keys()].map((folder) => [folder, level.inside(folder)]));
  const ofTraining = [...parts].filter(([, part]) => part === "train").map(([folder]) => folder);
  const known = new Set<string>();
  for (const folder of ofTraining) {
    const stripped = inside.get(folder)!.inner((name) => name !== folder && !saysNothing(name));
    inside.set(folder, stripped);
    for (const name of stripped.folders) known.add(name);
  }
  for (const folder of parts.keys()) {
    const kept = (name: string) => known.has(name) || (name !== folder && !saysNothing(name));
    if (!ofTraining.includes(folder)) inside.set(folder, inside.get(folder)!.inner(kept));
  }
  const images: PlacedImage[] = [...inside].flatMap(([folder, { items }]) =>
    items.map(({ name, rest }) => ({ name, part: parts.get(folder)!, group: firstFolder(rest) })),
  );
  const placedNames = new Set(images.map(({ name }) => name));
  for (const { name } of level.items)
    if (!placedNames.has(name)) images.push({ name, part: undefined, group: undefined });

  const learned = images.filter(({ part }) => part === "train" || (ofTraining.length === 0 && part !== undefined));
  const classed = learned.filter(({ group }) => group !== undefined);
  const groups = new Set(images.flatMap(({ part, group }) => (part && part !== "unlabelled" && group) || []));
  const found = groups.size >= 2 && 2 * classed.length > learned.length;
  if (withClasses === undefined && !found && groups.size >= 2 && classed.length > 0) {
    const told = `Only ${classed.length} of ${learned.length} training images lie in folders of their own, so these are not classes. If they are, give \`layout: "splits/classes"\`.`;
    notices.push(told);
  }
  const labelled = withClasses === undefined ? found : withClasses && groups.size >= 2;
  return {
    layout: labelled ? "splits/classes" : "splits",
    images: labelled ? images : images.map((image) => ({ ...image, group: undefined })),
    folders: parts,
    notices,
  };
}

/** Classes to train on beside folders of held-out images. */
function besideClasses(level: Level, parts: Map<string, Part>): Placement {
  const classes = level.folders.filter((folder) => !parts.has(folder));
  const images: PlacedImage[] = [...parts].flatMap(([folder, part]) =>
    level
      .inside(folder)
      .inner((name) => classes.includes(name) || !saysNothing(name))
      .items.map(({ name, rest }) => {
        const group = firstFolder(rest);
        return { name, part, group: group !== undefined && classes.includes(group) ? group : undefined };
      }),
  );
  for (const { name, rest } of level.items) {
    const group = firstFolder(rest);
    if (group === undefined || !parts.has(group)) images.push({ name, part: "train", group });
  }
  return { layout: "splits/classes", images, folders: parts, notices: [] };
}

/** Images in folders of classes, each of which has folders of parts. */
function inClasses(level: Level, certain: boolean): Placement | undefined {
  if (level.folders.length < 2) return undefined;
  const first = level.inside(level.folders[0]).folders; // most sets need not be looked at further
  if (!first.some((folder) => partSuggested(folder) !== undefined)) return undefined;
  const classes = level.folders.map((folder) => ({ folder, level: level.inside(folder) }));
  const names = [...new Set(classes.flatMap(({ level: { folders } }) => folders))];
  const parts = certain ? partsOf(names) : { parts: partsOfAny(names), classesBeside: false };
  if (!parts || parts.classesBeside || parts.parts.size === 0) return undefined;
  const trains = (folders: readonly string[]) => folders.some((folder) => parts.parts.get(folder) === "train");
  if (certain && !classes.every(({ level: { folders } }) => trains(folders))) return undefined;
  const images: PlacedImage[] = classes.flatMap(({ folder, level: { items } }) =>
    items.map(({ name, rest }) => ({ name, part: parts.parts.get(firstFolder(rest) ?? ""), group: folder })),
  );
  for (const { name } of level.beside) images.push({ name, part: undefined, group: undefined });
  return { layout: "classes/splits", images, folders: parts.parts, notices: [] };
}

/** Images of a folder that only counts, by thousands: `00000/img00000999.png`, `01000/01999.png`. */
const COUNTED = /^(\d{5})\/\D*(\d+)\.\w+$/;
const PER_FOLDER = 1000;

/** Whether folders only keep a thousand images each, as those that EDM, StyleGAN and FFHQ write. */
function isCounted({ items, folders }: Level): boolean {
  return (
    folders.length >= 2 &&
    items.every(({ rest }) => {
      const [, folder, file] = COUNTED.exec(rest) ?? [];
      if (folder === undefined) return false;
      const thousands = Math.floor(Number(file) / PER_FOLDER);
      return Number(folder) === thousands || Number(folder) === PER_FOLDER * thousands;
    })
  );
}

/** The split of an image that has one. */
export const isSplit = (part: Part | undefined): part is Split => part !== undefined && part !== "unlabelled";
