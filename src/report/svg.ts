/** @file Observable Plot without a browser: charts as SVG text that follows the page's colours, or as PNG. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom/worker"; // all of it in one file, which loads 0.2 s faster
import { escapeText } from "../io/markup.js";

/** Colours a chart is drawn in: what the page says, or else these, which are readable on white. */
export const COLOURS = {
  first: "var(--first, #2f6690)",
  second: "var(--second, #c2662d)",
  third: "var(--third, #5f8a4e)",
  fourth: "var(--fourth, #8a5a83)",
  muted: "var(--muted, #6b7280)",
  rule: "var(--rule, #e2e2e0)",
  ink: "var(--ink, #27272a)",
} as const;

/** What stands for what, written above the chart. */
export interface LegendEntry {
  name: string;
  colour: string;
  shape: "line" | "dashes" | "square";
}

export interface Frame {
  /** One sentence for those who cannot see the chart. */
  description: string;
  /** What the y axis measures, written above it. */
  yLabel: string;
  width: number;
  height: number;
  legend?: LegendEntry[];
}

const FONT_SIZE = 11;
const LEGEND_ROW = 18;
/** Mean width of a letter of the system's sans-serif, per font size. */
const LETTER = 0.56;

/**
 * Draws one chart.
 *
 * @returns a complete `<svg>` element: the same text for the same input, no scripts, nothing loaded, colours as CSS variables
 */
export function drawChart(frame: Frame, options: Plot.PlotOptions): string {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const plot = Plot.plot({
    marginTop: marginTop(frame),
    marginLeft: 44,
    marginRight: 14,
    marginBottom: 36,
    ...options,
    document,
    width: frame.width,
    height: frame.height,
    style: { fontSize: `${FONT_SIZE}px`, color: COLOURS.ink },
  });
  return tidy(plot.outerHTML, frame);
}

function marginTop({ legend, width }: Frame): number {
  return legend ? 34 + LEGEND_ROW * legendRows(legend, width).length : 28;
}

/** Makes Plot's element stand alone: names itself, loses Plot's own style sheet, and hundredths of pixels are enough. */
function tidy(svg: string, frame: Frame): string {
  const body = svg
    .replace(/<style>[\s\S]*?<\/style>/, "")
    .replace(/(?<= (?:d|x|y|x1|x2|y1|y2|cx|cy|r|width|height|points|transform)=")[^"]*/g, (value) =>
      value.replace(/-?\d+\.\d{3,}(?:e-?\d+)?/g, (digits) => String(Number(Number(digits).toFixed(2)))),
    )
    .replace(/^<svg[^>]*>/, "");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${frame.width} ${frame.height}" width="${frame.width}" height="${frame.height}" role="img" aria-label="${escapeText(frame.description)}" font-family="system-ui, sans-serif" font-size="${FONT_SIZE}" text-anchor="middle" fill="${COLOURS.ink}">${drawLegend(frame)}<text x="4" y="${marginTop(frame) - 14}" text-anchor="start" fill="${COLOURS.muted}">${escapeText(frame.yLabel)}</text>${body}`;
}

/** The legend's entries, as many in a row as its width takes, and where each begins. */
function legendRows(entries: LegendEntry[], width: number): (LegendEntry & { start: number })[][] {
  const rows: (LegendEntry & { start: number })[][] = [[]];
  let start = 4;
  for (const entry of entries) {
    const length = Math.round(22 + entry.name.length * FONT_SIZE * LETTER);
    if (start + length > width && start > 4) {
      rows.push([]);
      start = 4;
    }
    rows[rows.length - 1].push({ ...entry, start });
    start += length + 14;
  }
  return rows;
}

function drawLegend({ legend = [], width }: Frame): string {
  return legendRows(legend, width)
    .flatMap((row, index) => row.map((entry) => ({ ...entry, top: index * LEGEND_ROW })))
    .map(({ name, colour, shape, start, top }) => {
      const mark =
        shape === "square"
          ? `<rect x="${start + 3}" y="${top + 5}" width="11" height="11" fill="${colour}"/>`
          : `<line x1="${start}" x2="${start + 16}" y1="${top + 10.5}" y2="${top + 10.5}" stroke="${colour}" stroke-width="2"${shape === "dashes" ? ' stroke-dasharray="4 3"' : ""}/>`;
      return `<g>${mark}<text x="${start + 22}" y="${top + 14.5}" text-anchor="start">${escapeText(name)}</text></g>`;
    })
    .join("");
}

/** A chart as a file of its own: CSS variables, which many programs do not know, give way to their defaults. */
export const withDefaultColours = (svg: string): string => svg.replace(/var\(--[\w-]+, ([^)]*)\)/g, "$1");

/** A chart as a PNG on white, at twice its size. */
export async function chartToPng(svg: string): Promise<Uint8Array> {
  const { default: sharp } = await import("sharp");
  return new Uint8Array(
    await sharp(Buffer.from(withDefaultColours(svg)), { density: 144 })
      .flatten({ background: "#ffffff" })
      .png()
      .toBuffer(),
  );
}
