/** @file A scan of a set of images, for people. */
import { formatNames } from "../../data/decoding/image-format.js";
import { unusedText } from "../../data/index.js";
import { type Named, type ScanSummary, treatments } from "../../data/scanning/scan.js";
import { formatCount } from "../../number-format.js";
import { inFlags } from "../advice.js";
import { type Advice, shown } from "./data-advice.js";
import { facts, table } from "./table.js";

/** How many images of a kind are named, and how many classes are listed. */
const NAMED = 10;
const LISTED = 20;
const BAR = 30;
/** Characters of a line of advice. */
const WIDTH = 96;

/**
 * The parts of the report, an empty line between them.
 *
 * @param source - as the user named it, and what it was taken for
 */
export function scanText(
  source: { name: string; description: string },
  summary: ScanSummary,
  advice: Advice | undefined,
): string {
  return [
    overview(source, summary),
    guesses(summary),
    classTable(summary),
    kindTable(summary),
    names(summary),
    adviceText(advice),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function overview(source: { name: string; description: string }, summary: ScanSummary): string {
  const { usable, splits, formats, sizes, otherSizes, shorterSide, kinds, refused } = summary;
  const left = kinds.unreadable.count + kinds.oversized.count + refused.count;
  const list = (counts: [string, number][]) =>
    counts.map(([name, count]) => `${formatCount(count)} ${name}`).join(", ");
  const overlap = splits.train + splits.validation + splits.test > usable;
  const rows: [string, string][] = [["source", shown(`${source.name}: ${source.description}`)]];
  rows.push(["images", `${formatCount(usable)} usable${left > 0 ? `, ${formatCount(left)} left out` : ""}`]);
  if (usable === 0) return facts(rows);
  const more = otherSizes > 0 ? ` and ${formatCount(otherSizes)} more` : "";
  return facts([
    ...rows,
    ["splits", `${list(Object.entries(splits))}${overlap ? " (validation images are test images too)" : ""}`],
    ["formats", list(Object.entries(formats).map(([name, count]) => [nameOfFormat[name] ?? name, count]))],
    ["sizes", `${list(sizes.map(({ width, height, count }) => [`of ${width}×${height}`, count]))}${more}`],
    [
      "shorter side",
      shorterSide.least === shorterSide.most
        ? `${shorterSide.least} pixels`
        : `${shorterSide.least} to ${shorterSide.most} pixels, ${shorterSide.median} in the middle`,
    ],
  ]);
}

/** What was guessed, and what is not used. */
const guesses = ({ notices, unused }: ScanSummary): string =>
  [...notices, ...unused.map((each) => `Not used: ${unusedText(each)}.`)]
    .map((line) => bullet(shown(inFlags(line))))
    .join("\n");

const nameOfFormat: Record<string, string> = { ...formatNames, pixels: "as bare pixels" };

/** Classes with bars, largest first where they are many. */
function classTable({ classes }: ScanSummary): string {
  if (classes.length === 0) return "";
  const most = Math.max(...classes.map(({ count }) => count), 1);
  const listed =
    classes.length <= LISTED ? classes : [...classes].sort((a, b) => b.count - a.count).slice(0, LISTED - 1);
  const rows = listed.map(({ name, count }) => [
    shown(name),
    formatCount(count),
    "█".repeat(Math.ceil((BAR * count) / most)),
  ]);
  const rest = classes.length - listed.length;
  if (rest > 0) {
    const others = classes.filter((each) => !listed.includes(each)).map(({ count }) => count);
    const [least, largest] = [Math.min(...others), Math.max(...others)].map(formatCount);
    rows.push([`${formatCount(rest)} more classes`, least === largest ? least : `${least}–${largest}`, ""]);
  }
  return table([{ heading: "class" }, { heading: "images", align: "right" }, { heading: "" }], rows);
}

/** What is unusual: how many of each kind, and what is done with them. */
function kindTable(summary: ScanSummary): string {
  const rows = present(summary).map(({ images, treatment, all, named: { count } }) => {
    return [images, `${all ? "all " : ""}${formatCount(count)}`, treatment];
  });
  if (rows.length === 0) {
    return summary.unused.length === 0 ? "Nothing unusual: every image is used as it is." : "";
  }
  return table([{ heading: "unusual" }, { heading: "images", align: "right" }, { heading: "what is done" }], rows);
}

/** The first images of every kind by name, where not all images are of it. */
const names = (summary: ScanSummary): string =>
  present(summary)
    .filter(({ all }) => !all)
    .flatMap(({ images, named: { count, files } }) => {
      const listed = files.slice(0, NAMED);
      const lines = listed.map(({ file, note }) => `  ${shown(note === undefined ? file : `${file}: ${note}`)}`);
      const more = count - lines.length;
      return [
        `${images}:`,
        ...lines,
        ...(more > 0 ? [`  and ${formatCount(more)} more (--json names more of them)`] : []),
      ];
    })
    .join("\n");

/** Images of one kind in the report. */
interface Present {
  images: string;
  treatment: string;
  /** Whether all images that are used are of this kind. */
  all: boolean;
  named: Named;
}

/** The kinds that occur, files skipped by the source first. */
function present({ kinds, refused, usable }: ScanSummary): Present[] {
  const listed = Object.entries(treatments).map(([kind, treatment]) => ({
    ...treatment,
    named: kinds[kind as keyof typeof kinds],
  }));
  return [{ images: "refused", treatment: "left out", named: refused }, ...listed]
    .filter(({ named }) => named.count > 0)
    .map((each) => ({ ...each, all: each.named.count === usable && !each.treatment.startsWith("left out") }));
}

function adviceText(advice: Advice | undefined): string {
  if (!advice) return "Nothing here can be trained on.";
  return [...advice.reasons.map(bullet), "", `Train:  ${advice.command}`].join("\n");
}

/** A sentence in lines of a readable width. */
function bullet(sentence: string): string {
  const lines = [""];
  for (const word of sentence.split(" ")) {
    const line = `${lines.at(-1)} ${word}`.trimStart();
    if (line.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line;
  }
  return `• ${lines.join("\n  ")}`;
}
