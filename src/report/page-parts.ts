/** @file Pieces of a report's page: figures with charts or pictures, tables of settings, commands. */
import { Html, html } from "./html.js";
import type { Chart } from "./training-charts.js";

/** A picture of a report. */
export interface Picture {
  title: string;
  /** What to look for in it. */
  caption: string;
  /** PNG file. */
  png: Uint8Array;
}

/** A command to try next. */
export interface NextCommand {
  /** What it is for, in a few words. */
  purpose: string;
  command: string;
}

/** Widths in pixels that charts are drawn at: over the column, and where two share it or the screen is narrow. */
const WIDE = 720;
const NARROW = 350;
/** Pictures wider than this, for their height, get a row of their own. */
const BROAD = 1.6;
const PNG_SIGNATURE = "89504e470d0a1a0a";

/** A chart over the whole column; on narrow screens another drawing of it takes its place, so that its text stays readable. */
export function chartFigure(chart: NonNullable<Chart>, caption: string): Html {
  return html`<figure><div class="wide">${new Html(chart(WIDE))}</div><div class="narrow">${new Html(
    chart(NARROW),
  )}</div><figcaption>${caption}</figcaption></figure>`;
}

/** A chart that shares the column with the next one. */
export function smallChartFigure(chart: NonNullable<Chart>, caption: string): Html {
  return html`<figure>${new Html(chart(NARROW))}<figcaption>${caption}</figcaption></figure>`;
}

/** Pictures side by side, at most three a row; below them those that are much wider than high, a row each. */
export function pictureFigures(pictures: Picture[]): Html {
  const sized = pictures.map((picture) => ({ ...picture, ...pngSize(picture) }));
  const [broad, compact] = [true, false].map((wanted) =>
    sized.filter(({ width, height }) => width > BROAD * height === wanted),
  );
  const columns = compact.length % 3 === 0 ? 3 : Math.min(2, compact.length);
  return html`${compact.length > 0 && html`<div class="pictures of-${columns}">${compact.map(pictureFigure)}</div>`}${broad.map(pictureFigure)}`;
}

/** Whether bytes begin as a PNG file does. */
export function isPng(bytes: Uint8Array): boolean {
  return bytes.length >= 24 && Buffer.from(bytes.subarray(0, 8)).toString("hex") === PNG_SIGNATURE;
}

/** Width and height in pixels, from the file's first chunk. */
function pngSize({ title, png }: Picture): { width: number; height: number } {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  if (!isPng(png)) {
    throw new RangeError(`expected a PNG file as picture "${title}", got ${bytes.length} bytes of something else`);
  }
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

function pictureFigure({ title, caption, png, width, height }: Picture & { width: number; height: number }): Html {
  const data = Buffer.from(png.buffer, png.byteOffset, png.byteLength).toString("base64");
  return html`<figure><img src="data:image/png;base64,${data}" width="${width}" height="${height}" alt="${title}"><figcaption><b>${title}.</b> ${caption}</figcaption></figure>`;
}

/** Names and values, one a row; names may break after a dot or within camelCase. */
export function listing(entries: [name: string, value: string | number][]): Html {
  return html`<dl class="listing">${entries.map(([name, value]) => html`<div><dt>${breakable(name)}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function breakable(name: string): Html[] {
  return name.split(/(?<=\.)|(?<=[a-z])(?=[A-Z])/).map((part, index) => html`${index > 0 && new Html("<wbr>")}${part}`);
}

/** Records with the same keys as a table, a column per key. */
export function recordTable(caption: string, records: Record<string, unknown>[]): Html {
  const keys = [...new Set(records.flatMap((record) => Object.keys(record)))];
  return html`<div class="scroll"><table>
<caption>${caption}</caption>
<thead><tr>${keys.map((key) => html`<th scope="col">${breakable(key)}</th>`)}</tr></thead>
<tbody>${records.map((record) => html`<tr>${keys.map((key) => html`<td>${settingText(record[key])}</td>`)}</tr>`)}</tbody>
</table></div>`;
}

export function commandList(commands: NextCommand[]): Html {
  return html`${commands.map(({ purpose, command }) => html`<p class="purpose">${purpose}</p><pre><code>${command}</code></pre>`)}`;
}

/** Leaves of a tree of settings with their dotted paths, as `--set` takes them; arrays are leaves. */
export function settingPaths(settings: object, prefix = ""): [path: string, value: string][] {
  return Object.entries(settings).flatMap(([key, value]): [string, string][] =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? settingPaths(value, `${prefix}${key}.`)
      : [[prefix + key, settingText(value)]],
  );
}

function settingText(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
