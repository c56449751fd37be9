/**
 * @file Images in Parquet files, as Hugging Face's sets are published: a column of encoded images (`{bytes, path}` or bare bytes) or of
 * numbers, one of labels whose names the file itself may have, splits by the names of files or folders.
 */
import { UserError } from "../../errors.js";
import type { ParquetColumn, ParquetSummary } from "../../io/parquet/parquet-file.js";
import { type LabelValue, labelsByValues } from "./class-values.js";
import { unusedFiles } from "./files.js";
import { listed } from "./labels.js";
import { type NamedFile, type NamedFiles, namedFiles } from "./named-files.js";
import { type ImageBlock, type ParquetPlace, ParquetReader } from "./parquet-reader.js";
import { imageRecord } from "./parquet-records.js";
import type { Reading } from "./reading.js";
import { listingOfRows, MOST_ROWS } from "./rows.js";
import { labelledShards, type ShardIndex } from "./shard-index.js";
import type { Listing, PathKind } from "./source.js";

const isParquet = (name: string): boolean => /\.parquet$/i.test(name);

/** Names that such columns usually have, the surest first. */
const IMAGES =
  "image img images picture photo pixels pixel_values jpg jpeg png webp bytes image_bytes content data".split(" ");
const LABELS = "label labels fine_label class class_name category target class_id label_id y".split(" ");
const SHAPES = "shape image_shape".split(" ");

/** A file, and what its footer says. */
interface OpenFile {
  file: NamedFile;
  place: ParquetPlace;
  summary: ParquetSummary;
}

/** Columns that were chosen, and the names of classes where the file has them. */
interface Chosen {
  image: string;
  label?: string;
  shape?: string;
  names?: string[];
}

async function parquetListing(path: string, reading: Reading): Promise<Listing> {
  const opened = await namedFiles(path, isParquet);
  const reader = new ParquetReader();
  const close = async () => {
    await reader[Symbol.asyncDispose]();
    await opened[Symbol.asyncDispose]();
  };
  try {
    return await listingOf(path, opened, reader, reading, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function listingOf(
  path: string,
  opened: NamedFiles,
  reader: ParquetReader,
  reading: Reading,
  close: () => Promise<void>,
): Promise<Listing> {
  const { files, chosen, values } = await openFiles(path, opened, reader, reading);
  const { image, label, shape, names } = chosen;
  const listing = listingOfRows({
    description: "Parquet files",
    rows: files.flatMap(({ file, summary }) => {
      const stem = file.name.replace(/\.parquet$/i, "");
      const rows = summary.groups.reduce((sum, each) => sum + each, 0);
      return Array.from({ length: rows }, (_, row) => ({
        name: `${stem}/${String(row).padStart(6, "0")}`,
        group: file.name,
      }));
    }),
    labelling: labelsByValues(values, `the column "${label}" of ${path}`, names),
    refused: opened.refused,
    notices: [
      `Images by the column "${image}"${shape ? `, their shapes by "${shape}"` : ""}; ${label === undefined ? "no labels" : `labels by "${label}"${names ? ", whose names the file has" : ""}`}.`,
    ],
    groups: "files",
    path,
    read: async function* (signal) {
      let row = 0;
      for await (const block of blocksOf(files, chosen, reader)) {
        for (const index of block.images.keys()) {
          signal?.throwIfAborted();
          yield { row: row++, ...imageRecord(block, index) };
        }
      }
    },
    close,
  });
  const { others } = opened;
  const left = others.length > 0 ? [unusedFiles(others, "other file", "other files")] : [];
  return { ...listing, unused: [...(listing.unused ?? []), ...left] };
}

/** The files of a set, the columns that are read, and the labels of all rows. */
async function openFiles(path: string, opened: NamedFiles, reader: ParquetReader, reading: Reading) {
  const files: OpenFile[] = [];
  for (const file of opened.single ? [opened.single] : opened.files) {
    const place = { where: file.where, source: await file.open() };
    files.push({ file, place, summary: await reader.summary(place) });
  }
  if (files.length === 0) {
    throw new UserError("too-few-images", `Expected .parquet files at ${path}, but there are none.`);
  }
  const chosen = columnsOf(files[0], path, reading);
  for (const { file, summary } of files) {
    const missing = [chosen.image, chosen.label].find(
      (name) => name !== undefined && !summary.columns.some((column) => column.name === name),
    );
    if (missing)
      refuse(path, `${file.name} has no column "${missing}", as ${files[0].file.name} has. Give the files of one set`);
  }
  const total = files.reduce((sum, { summary }) => summary.groups.reduce((rows, each) => rows + each, sum), 0);
  if (total > MOST_ROWS) refuse(path, `it has ${total} rows; at most ${MOST_ROWS} are read`);
  const values: LabelValue[] = [];
  for (const { place, summary } of files) {
    for (const [group, rows] of summary.groups.entries()) {
      const found =
        chosen.label === undefined || rows === 0
          ? new Array(rows).fill(undefined)
          : await reader.values(place, chosen.label, group);
      for (const value of found) values.push(value);
    }
  }
  return { files, chosen, values };
}

/** What is known of the files as shards: their rows and labels. */
async function parquetIndex(path: string, reading: Reading): Promise<ShardIndex> {
  await using opened = await namedFiles(path, isParquet);
  await using reader = new ParquetReader();
  const { files, chosen, values } = await openFiles(path, opened, reader, reading);
  const { image, label, shape, names } = chosen;
  const { classes, labels } = labelsByValues(values, `the column "${label}" of ${path}`, names);
  let next = 0;
  const shards = files.map(({ file, place, summary: { groups } }) => {
    if (typeof place.source !== "string") return refuse(path, "its files lie in an archive. Unpack it");
    const count = groups.reduce((sum, rows) => sum + rows, 0);
    const rows = Uint32Array.from({ length: count }, (_, row) => row);
    const plan = { format: "parquet" as const, column: image, shape, groups, rows };
    return { name: file.name, place: place.source, count, plan, values: Array.from(rows, () => labels[next++]) };
  });
  return { description: "Parquet files", classes, shards: labelledShards(shards, classes), notices: [] };
}

/** Row groups one after another, the next one begun while one is used. */
async function* blocksOf(
  files: readonly OpenFile[],
  { image, shape }: Chosen,
  reader: ParquetReader,
): AsyncGenerator<ImageBlock> {
  const parts = files.flatMap(({ place, summary }) =>
    summary.groups.flatMap((rows, group) => (rows > 0 ? [{ place, group }] : [])),
  );
  const ask = (part: number) => {
    const asked = parts[part] && reader.images(parts[part].place, image, parts[part].group, shape);
    asked?.catch(() => {}); // whoever takes it hears of the error
    return asked;
  };
  let next = ask(0);
  for (const part of parts.keys()) {
    const block = await next;
    next = ask(part + 1);
    yield block;
  }
}

function refuse(path: string, problem: string): never {
  throw new UserError("unsupported-format", `Expected images in Parquet files at ${path}, but ${problem}.`);
}

/** The columns that are read: those that the user names, else those that Hugging Face's own features say, else by kind and name. */
function columnsOf({ summary }: OpenFile, path: string, { imageColumn, labelColumn }: Reading): Chosen {
  const { columns } = summary;
  const has = `it has the columns ${listed(columns.map(({ name }) => name))}`;
  const features = featuresOf(summary.huggingFace);
  const called = (name: string, option: string): ParquetColumn =>
    columns.find((column) => column.name === name) ??
    refuse(path, `it has no column "${name}", as \`${option}\` says; ${has}`);
  const usual = (of: readonly ParquetColumn[], names: readonly string[]) =>
    names.map((name) => of.find((column) => column.name.toLowerCase() === name)).find((column) => column !== undefined);
  const ofKind = (kind: ParquetColumn["kind"]) => columns.filter((column) => column.kind === kind);
  const image =
    imageColumn === undefined
      ? (columns.find(({ name }) => features.get(name)?.type === "Image") ??
        usual(ofKind("image"), IMAGES) ??
        ofKind("image").at(0) ??
        usual(ofKind("bytes"), IMAGES) ??
        (ofKind("bytes").length === 1 ? ofKind("bytes")[0] : undefined) ??
        usual(ofKind("list"), IMAGES) ??
        refuse(path, `no column is known to have images: ${has}. Name it with \`imageColumn\``))
      : called(imageColumn, "imageColumn");
  if (image.kind === "value" || image.kind === "other") refuse(path, `the column "${image.name}" has no images`);
  const shape = image.kind === "list" ? usual(ofKind("list"), SHAPES)?.name : undefined;
  if (labelColumn === "none") return { image: image.name, shape };
  const classes = columns.filter(({ name }) => features.get(name)?.names !== undefined);
  const label =
    labelColumn === undefined
      ? (usual(classes, LABELS) ?? classes.at(0) ?? usual(ofKind("value"), LABELS))
      : called(labelColumn, "labelColumn");
  return { image: image.name, shape, label: label?.name, names: label && features.get(label.name)?.names };
}

/** Hugging Face's features: of each column its type, and the names of its classes where it has them. */
function featuresOf(json: string | undefined): Map<string, { type: unknown; names?: string[] }> {
  const found = new Map<string, { type: unknown; names?: string[] }>();
  try {
    const features = JSON.parse(json ?? "{}")?.info?.features ?? {};
    for (const [name, feature] of Object.entries<Record<string, unknown>>(features)) {
      const { _type: type, names } = feature ?? {};
      const areNames = type === "ClassLabel" && Array.isArray(names) && names.every((each) => typeof each === "string");
      found.set(name, { type, ...(areNames ? { names: names as string[] } : {}) });
    }
  } catch {
    // a file without its features is read by its columns
  }
  return found;
}

/** `parquet:PATH`: a file, or a folder or an archive of them. */
export const parquet: PathKind = {
  usages: ["parquet:PATH"],
  list: parquetListing,
  recognises: ({ names, beginning }) =>
    beginning ? beginning.toString("latin1", 0, 4) === "PAR1" : names.some(isParquet) && !names.some(isImage),
  index: parquetIndex,
  takesPlaces: true,
  takes: ["imageColumn", "labelColumn"],
};

const isImage = (name: string): boolean => /\.(jpe?g|png|webp|gif|avif|tiff?)$/i.test(name);
