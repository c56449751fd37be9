/** @file What diagrams are made of, boxes, arrows and texts at their places, and how these look as SVG. */

import { escapeText, Html, html } from "../io/markup.js";
import { COLOURS } from "./svg.js";

/** What a thing in a diagram stands for, which decides its colour. */
export type Kind = "encoder" | "generator" | "latent" | "attention" | "resampling" | "image";

/** Colour of every kind; encoder and posterior share one, generator and prior another. */
const KIND_COLOURS: Record<Kind, string> = {
  encoder: COLOURS.second,
  generator: COLOURS.first,
  latent: COLOURS.third,
  attention: COLOURS.fourth,
  resampling: COLOURS.muted,
  image: COLOURS.ink,
};

/** A rectangle, pixels from the top left. */
export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Box extends Rectangle {
  kind: Kind;
  /** Written one below the other; the first a little larger. */
  lines: string[];
  /** Ends are half circles. */
  round?: boolean;
}

/** A line with a head at its last point; its corners are rounded. */
export interface Arrow {
  points: [x: number, y: number][];
  kind: Kind;
  dashed?: boolean;
}

export interface Label {
  x: number;
  /** Of the line that letters stand on. */
  y: number;
  text: string;
  anchor: "start" | "middle" | "end";
  size: number;
  bold?: boolean;
  muted?: boolean;
}

/** A diagram's parts; panels lie behind everything. */
export interface Diagram {
  width: number;
  height: number;
  panels: Rectangle[];
  boxes: Box[];
  arrows: Arrow[];
  labels: Label[];
}

/** A diagram elsewhere: its width and height stay those of what it takes. */
export function moved({ width, height, panels, boxes, arrows, labels }: Diagram, x: number, y: number): Diagram {
  const shift = <Part extends { x: number; y: number }>(part: Part): Part => ({
    ...part,
    x: part.x + x,
    y: part.y + y,
  });
  return {
    ...{ width, height },
    panels: panels.map(shift),
    boxes: boxes.map(shift),
    arrows: arrows.map((arrow) => ({ ...arrow, points: arrow.points.map(([a, b]) => [a + x, b + y]) })),
    labels: labels.map(shift),
  };
}

const PAPER = "var(--paper, #ffffff)";
/** Sizes of the lines of a box. */
export const LINE_SIZES = [12, 10.5];
const LINE_HEIGHT = 15;
/** Mean width of a letter, per size, in the widest of the usual sans-serif fonts. */
const LETTER = 0.6;
const CORNER = 7;
const HEAD = 6;

/** About how wide a text is, pixels. */
export const widthOf = (text: string, size: number): number => [...text].length * LETTER * size;

/** The diagram as a complete `<svg>` element: no scripts, nothing loaded, colours as CSS variables with defaults. */
export function drawDiagram({ width, height, panels, boxes, arrows, labels }: Diagram, description: string): string {
  const body = [...panels.map(drawPanel), ...arrows.map(drawArrow), ...boxes.map(drawBox), ...labels.map(drawLabel)];
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${description}" font-family="system-ui, sans-serif" fill="${COLOURS.ink}"><rect width="${width}" height="${height}" fill="${PAPER}"/>${body}</svg>`
    .text;
}

const drawPanel = ({ x, y, width, height }: Rectangle): Html =>
  html`<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="8" fill="${COLOURS.muted}" fill-opacity="0.08"/>`;

function drawBox({ x, y, width, height, kind, lines, round }: Box): Html {
  const colour = KIND_COLOURS[kind];
  const radius = round ? height / 2 : 5;
  const first = y + height / 2 - ((lines.length - 1) * LINE_HEIGHT) / 2 + 4;
  const texts = lines.map(
    (line, index) =>
      html`<text x="${x + width / 2}" y="${first + index * LINE_HEIGHT}" text-anchor="middle" font-size="${LINE_SIZES[Math.min(index, 1)]}"${index > 0 && opacity}>${line}</text>`,
  );
  // Twice, since a colour that is a variable cannot be mixed with the page's: the first hides what lies behind.
  return html`<g><rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}" fill="${PAPER}"/><rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}" fill="${colour}" fill-opacity="0.13" stroke="${colour}" stroke-width="1.2"/>${texts}</g>`;
}

const opacity = new Html(' fill-opacity="0.72"');

function drawArrow({ points, kind, dashed }: Arrow): Html {
  const colour = KIND_COLOURS[kind];
  const [end, before] = [points[points.length - 1], points[points.length - 2]];
  const [dx, dy] = [Math.sign(end[0] - before[0]), Math.sign(end[1] - before[1])];
  const back: [number, number] = [end[0] - dx * HEAD, end[1] - dy * HEAD];
  const side = HEAD * 0.55;
  const head = [end, [back[0] + dy * side, back[1] + dx * side], [back[0] - dy * side, back[1] - dx * side]]
    .map((corner) => corner.join(","))
    .join(" ");
  const path = roundedPath([...points.slice(0, -1), back]);
  return html`<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.4"${dashed && dashes}/><polygon points="${head}" fill="${colour}"/>`;
}

const dashes = new Html(' stroke-dasharray="4 3"');

/** A path along points that differ in one coordinate each, round at its corners. */
function roundedPath(points: Arrow["points"]): string {
  const commands = points.map(([x, y], index) => {
    const [from, to] = [points[index - 1], points[index + 1]];
    if (!from) return `M${x} ${y}`;
    if (!to) return `L${x} ${y}`;
    const near = ([a, b]: [number, number]): string => {
      const distance = Math.abs(a - x) + Math.abs(b - y);
      const part = Math.min(CORNER, distance / 2) / distance;
      return `${x + part * (a - x)} ${y + part * (b - y)}`;
    };
    return `L${near(from)}Q${x} ${y} ${near(to)}`;
  });
  return commands.join("");
}

function drawLabel({ x, y, text, anchor, size, bold, muted }: Label): Html {
  return new Html(
    `<text x="${x}" y="${y}" text-anchor="${anchor}" font-size="${size}"${bold ? ' font-weight="600"' : ""}${muted ? ` fill="${COLOURS.muted}"` : ""}>${escapeText(text)}</text>`,
  );
}
