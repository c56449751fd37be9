/**
 * @file Every page we write, complete in itself: its frame, its pieces (figures with charts or pictures, tables of
 * settings, commands) and its style. Pictures are inline; no scripts, nothing loaded.
 */
import { Html, html } from "../io/markup.js";
import type { Chart } from "./training-charts.js";

/** Nothing may be loaded, nothing may run: whatever a title or a file name holds. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/** A whole page as text, the same for the same parts. */
export function renderPage(title: string, { header, main }: { header: Html; main: Html }): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${title}</title>
<style>${new Html(PAGE_STYLE)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
${header}
</header>
<main>
${main}
</main>
</body>
</html>
`.text;
}

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

const LIGHT = `--paper:#fdfdfb;--ink:#27272a;--muted:#6b7280;--rule:#e2e2e0;--panel:#f5f5f2;
  --first:#2f6690;--second:#c2662d;--third:#5f8a4e;--fourth:#8a5a83`;
const DARK = `--paper:#17191c;--ink:#e4e4e1;--muted:#9ca3af;--rule:#353a40;--panel:#1f2226;
  --first:#7fb2d9;--second:#e39a5f;--third:#9cc48a;--fourth:#c79ac0`;

const PAGE_STYLE = `
:root { color-scheme: light dark; ${LIGHT}; }
@media (prefers-color-scheme: dark) { :root { ${DARK}; } }
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 3.5rem 1.25rem 5rem; max-width: 47.5rem;
  background: var(--paper); color: var(--ink);
  font: 1.0625rem/1.55 Charter, "Bitstream Charter", "Iowan Old Style", "Sitka Text", Cambria, Georgia, serif;
  font-variant-numeric: lining-nums; overflow-wrap: break-word; counter-reset: figure;
}
h1 { margin: 0; font-size: 2.1rem; line-height: 1.2; font-weight: 600; letter-spacing: -0.01em; text-wrap: balance; }
h2 { margin: 3.25rem 0 0.6rem; font-size: 1.35rem; line-height: 1.3; font-weight: 600; }
p { margin: 0 0 0.9rem; text-wrap: pretty; }
.byline { margin: 0.5rem 0 0; color: var(--muted); font: 0.875rem/1.5 system-ui, sans-serif; }
.lead { margin-top: 1.1rem; font-size: 1.15rem; }

.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(12.5rem, 1fr)); gap: 1.4rem 1.75rem; margin: 2rem 0 0; }
.figures > div { border-top: 2px solid var(--ink); padding-top: 0.55rem; }
.figures dt { color: var(--muted); font: 0.8125rem/1.4 system-ui, sans-serif; }
.figures dd { margin: 0; }
.figures .value { font-size: 1.7rem; line-height: 1.25; }
.figures .meaning { color: var(--muted); font: 0.8125rem/1.45 system-ui, sans-serif; text-wrap: pretty; }

figure { margin: 1.4rem 0 0; min-width: 0; counter-increment: figure; }
figure img, figure svg { display: block; max-width: 100%; height: auto; }
figure svg text { white-space: pre; }
figure img { border-radius: 3px; }
figcaption { margin-top: 0.55rem; color: var(--muted); font: 0.8438rem/1.5 system-ui, sans-serif; text-wrap: pretty; }
figcaption b { color: var(--ink); font-weight: 600; }
figcaption::before { content: "Figure " counter(figure) ". "; color: var(--ink); font-weight: 600; }
.narrow { display: none; }
.pairs, .pictures { display: grid; gap: 0 1.25rem; }
.pairs, .pictures.of-2 { grid-template-columns: repeat(2, minmax(0, 1fr)); }
.pictures.of-3 { grid-template-columns: repeat(3, minmax(0, 1fr)); }

.scroll { overflow-x: auto; margin: 1.4rem 0 0; }
table { border-collapse: collapse; width: 100%; font: 0.875rem/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); padding-bottom: 0.35rem; }
th, td { padding: 0.3rem 0.75rem 0.3rem 0; text-align: right; font-weight: 400; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--muted); white-space: normal; border-bottom: 1px solid var(--ink); vertical-align: bottom; }
tbody tr + tr > * { border-top: 1px solid var(--rule); }

.listing { margin: 1.2rem 0 0; columns: 20rem 2; column-gap: 2rem; font: 0.875rem/1.5 system-ui, sans-serif; }
.listing > div { display: flex; justify-content: space-between; gap: 1rem; padding: 0.22rem 0; border-bottom: 1px solid var(--rule); break-inside: avoid; }
.listing dt { min-width: 0; color: var(--muted); overflow-wrap: anywhere; }
.listing dd { flex: none; margin: 0; max-width: 60%; text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: break-word; }

details { margin-top: 1.2rem; }
summary { cursor: pointer; color: var(--muted); font: 0.875rem/1.5 system-ui, sans-serif; }
pre { margin: 0 0 1.1rem; padding: 0.7rem 0.9rem; white-space: pre-wrap; background: var(--panel); border-radius: 4px; }
code { font: 0.8438rem/1.55 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
p code { white-space: nowrap; }
details pre { margin-top: 0.6rem; }
.purpose { margin: 0 0 0.3rem; }
.note { color: var(--muted); font: 0.875rem/1.5 system-ui, sans-serif; margin-top: 1.2rem; }

@media (max-width: 44rem) {
  body { padding: 2rem 1rem 3rem; font-size: 1rem; }
  h1 { font-size: 1.7rem; }
  h2 { margin-top: 2.5rem; }
  .figures { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1.1rem 1.1rem; }
  .figures .value { font-size: 1.4rem; }
  .wide { display: none; }
  .narrow { display: block; }
  .pairs, .pictures.of-2, .pictures.of-3 { grid-template-columns: minmax(0, 1fr); }
  figure svg { width: 100%; }
  table { font-size: 0.8125rem; }
  th, td { padding-right: 0.5rem; }
}
@media print {
  body { padding: 0; }
  figure, .figures > div, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
}
`;
