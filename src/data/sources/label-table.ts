/** @file Labels by a list of files: CSV, or JSON Lines, with a column of file names, one of labels, and perhaps one of splits. */
import { readFile, stat } from "node:fs/promises";
import { dirname } from "node:path/posix";
import { readFailure, UserError } from "../../errors.js";
import { parseCsv } from "../../io/files/csv.js";
import { parseJson } from "../../io/files/json.js";
import { decodeText } from "../../io/files/text.js";
import type { Collection } from "../collections/collection.js";
import { type LabelValue, labelsByValues } from "./class-values.js";
import { baseName, type Labelling, listed, normalised } from "./labels.js";
import { isOnDisk, type Reading } from "./reading.js";
import { type Part, partNamed } from "./split-names.js";

/** Bytes of the largest list that is read: ImageNet's has 50 MB. */
const LARGEST = 2 ** 27;
const MOST_COLUMNS = 1000;

/** Names that such columns have, the surest first. */
const FILES =
  "file_name filename file image_path filepath file_path path image image_name image_file img img_name image_id img_id name id".split(
    " ",
  );
const LABELS = "label labels class class_name classname category target class_id label_id category_id y".split(" ");
const SPLITS = "split set subset partition".split(" ");

/** What a list says of the images of a set. */
export interface LabelTable {
  labelling: Labelling;
  /** Of every image, where the list has a column of splits. */
  parts?: (Part | undefined)[];
  /** Where the list lies in the set, if it does. */
  ownName?: string;
  /** Which columns were taken, in sentences. */
  notices: string[];
}

/**
 * What the list that the user names says of images.
 *
 * @param names - of the images in the collection
 * @throws UserError when it cannot be read, has no such columns, or names none of the images
 */
export async function readLabelTable(
  collection: Collection,
  names: readonly string[],
  reading: Reading,
): Promise<LabelTable> {
  const file = reading.labels!;
  const refuse = (
    problem: string,
    code: "unsupported-format" | "not-found" | "too-large" | "ambiguous" = "unsupported-format",
  ): never => {
    throw new UserError(code, `Expected a list of files and labels in ${file}, CSV or JSON Lines, but ${problem}.`);
  };
  const { bytes, ownName } = await bytesOf(collection, file, refuse);
  const table = parseTable(bytes, reading, refuse);
  const { rows, fileColumn, labelColumn, splitColumn } = table;
  const find = finder(names, ownName === undefined ? "" : dirname(ownName));
  const values: LabelValue[] = new Array(names.length).fill(undefined);
  const parts: (Part | undefined)[] = new Array(names.length).fill(undefined);
  const seen = new Set<number>();
  let missing = 0;
  for (const [row, cells] of rows.entries()) {
    const image = find(`${cells[fileColumn.index] ?? ""}`);
    if (image === undefined) {
      missing++;
      continue;
    }
    if (seen.has(image)) refuse(`row ${row + 1} names ${names[image]} a second time`, "ambiguous");
    seen.add(image);
    if (labelColumn) values[image] = cells[labelColumn.index];
    if (splitColumn) parts[image] = partNamed(`${cells[splitColumn.index]}`);
  }
  if (seen.size === 0) {
    refuse(
      `none of the ${rows.length} names in ${fileColumn.text} is that of an image, as "${rows[0]?.[fileColumn.index] ?? ""}"`,
    );
  }
  const left = missing > 0 ? `; ${missing} of its ${rows.length} rows name no image of the set` : "";
  const divided = splitColumn !== undefined && parts.some((part) => part !== undefined && part !== "train");
  return {
    labelling: labelsByValues(values, `${labelColumn?.text ?? "no column"} of ${file}`),
    ...(divided ? { parts } : {}),
    ownName,
    notices: [
      `${file}: files by ${fileColumn.text}, ${labelColumn ? `labels by ${labelColumn.text}` : "no labels"}${divided ? `, splits by ${splitColumn!.text}` : ""}${left}.`,
    ],
  };
}

type RefuseList = (problem: string, code?: "unsupported-format" | "not-found" | "too-large" | "ambiguous") => never;

async function bytesOf(
  collection: Collection,
  file: string,
  refuse: RefuseList,
): Promise<{ bytes: Uint8Array; ownName?: string }> {
  const own = collection.files.find(({ name }) => name === file);
  if (own !== undefined || !isOnDisk(file)) {
    if (own === undefined)
      return refuse("there is no such file: `labels` takes a path, or the name of a file of the set", "not-found");
    for await (const content of collection.read(new Set([file]), { largest: LARGEST })) {
      if ("error" in content) refuse(content.error);
      else return { bytes: content.bytes, ownName: file };
    }
  }
  const { size } = await stat(file);
  if (size > LARGEST) refuse(`it has ${size} bytes; at most ${LARGEST} are read`, "too-large");
  const bytes = await readFile(file).catch((error: Error) => {
    throw new UserError(
      readFailure(error),
      `Expected a list of files and labels in ${file}, but it cannot be read: ${error.message}.`,
    );
  });
  return { bytes };
}

/** A column by its place, and as messages call it. */
interface Column {
  index: number;
  text: string;
}

interface Table {
  rows: LabelValue[][];
  fileColumn: Column;
  labelColumn?: Column;
  splitColumn?: Column;
}

function parseTable(bytes: Uint8Array, reading: Reading, refuse: RefuseList): Table {
  const text = decodeText(bytes, (problem) => refuse(problem)).trimStart();
  const { header, rows } = /^[{[]/.test(text) ? jsonTable(text, refuse) : csvTable(text, reading, refuse);
  if (rows.length === 0) refuse("it has no rows");
  if (header === undefined) {
    const [file, label] = [0, 1].map((index) => ({ index, text: `column ${index + 1}` }));
    return { rows, fileColumn: file, labelColumn: reading.labelColumn === "none" ? undefined : label };
  }
  const column = (index: number): Column => ({ index, text: `column "${header[index]}"` });
  const has = `it has the columns ${listed(header)}`;
  const called = (given: string | undefined, usual: readonly string[], option: string): Column | undefined => {
    const small = header.map((name) => name.trim().toLowerCase());
    const index =
      given === undefined ? usual.map((name) => small.indexOf(name)).find((at) => at >= 0) : header.indexOf(given);
    if (given !== undefined && index === -1) refuse(`it has no column "${given}", as \`${option}\` says; ${has}`);
    return index === undefined ? undefined : column(index);
  };
  const fileColumn =
    called(reading.imageColumn, FILES, "imageColumn") ??
    refuse(`none is known to name files: ${has}. Name it with \`imageColumn\``);
  if (reading.labelColumn === "none") return { rows, fileColumn, splitColumn: called(undefined, SPLITS, "") };
  const others = header.flatMap((_, index) => (index === fileColumn.index ? [] : [column(index)]));
  const labelColumn =
    called(reading.labelColumn, LABELS, "labelColumn") ??
    (others.length === 1
      ? others[0]
      : refuse(`none is known to have labels: ${has}. Name it with \`labelColumn\`, or "none"`));
  return { rows, fileColumn, labelColumn, splitColumn: called(undefined, SPLITS, "") };
}

function csvTable(
  text: string,
  { imageColumn, labelColumn }: Reading,
  refuse: RefuseList,
): { header?: string[]; rows: LabelValue[][] } {
  const [first = [], ...rest] = parseCsv(text, (problem) => refuse(problem));
  if (first.length > MOST_COLUMNS) refuse(`it has ${first.length} columns; at most ${MOST_COLUMNS} are read`);
  const named = imageColumn !== undefined || (labelColumn !== undefined && labelColumn !== "none");
  const isHeader = named || first.some((cell) => [...FILES, ...LABELS].includes(cell.toLowerCase()));
  return isHeader ? { header: first, rows: rest } : { rows: [first, ...rest] };
}

function jsonTable(text: string, refuse: RefuseList): { header: string[]; rows: LabelValue[][] } {
  const parse = (part: string, at: string): unknown =>
    parseJson(Buffer.from(part), (problem) => refuse(`${at} is no JSON (${problem})`));
  const whole = text.startsWith("[") ? parse(text, "it") : undefined;
  const objects = Array.isArray(whole)
    ? whole
    : text.split("\n").flatMap((line, at) => (line.trim() === "" ? [] : [parse(line, `line ${at + 1}`)]));
  const header = new Map<string, number>();
  const rows = objects.map((object, at) => {
    if (typeof object !== "object" || object === null || Array.isArray(object))
      return refuse(`entry ${at + 1} is no object`);
    const row: LabelValue[] = [];
    for (const [key, value] of Object.entries(object)) {
      if (!header.has(key)) header.set(key, header.size);
      if (header.size > MOST_COLUMNS) refuse(`it has more than ${MOST_COLUMNS} keys`);
      if (["string", "number", "boolean"].includes(typeof value)) row[header.get(key)!] = value as LabelValue;
    }
    return row;
  });
  return { header: [...header.keys()], rows };
}

/** Finds images by what a list calls them: a path from the list or the set, the file's own name, or that without its ending. */
function finder(names: readonly string[], folder: string): (name: string) => number | undefined {
  const by = (key: (name: string) => string) => {
    const index = new Map<string, number | null>();
    names.forEach((name, image) => {
      const own = key(normalised(name));
      index.set(own, index.has(own) ? null : image); // null: several
    });
    return index;
  };
  const stem = (name: string) => name.replace(/\.[^./]+$/, "");
  const exact = by((name) => name);
  const [base, exactStem, baseStem] = [by(baseName), by(stem), by((name) => stem(baseName(name)))];
  return (given) => {
    const name = normalised(given.replaceAll("\\", "/").replace(/^(\.?\/)+/, ""));
    if (name === "") return undefined;
    const inFolder = folder === "" || folder === "." ? name : `${folder}/${name}`;
    return (
      exact.get(inFolder) ??
      exact.get(name) ??
      base.get(baseName(name)) ??
      exactStem.get(inFolder) ??
      exactStem.get(name) ??
      baseStem.get(baseName(name)) ??
      undefined
    );
  };
}
