/** @file Tables for a terminal: columns as wide as their widest cell, figures to the right. */

/** One column: its heading, and on which side its cells stand. */
export interface Column {
  heading: string;
  align?: "left" | "right";
}

/**
 * Lays rows out under headings, two spaces between columns, no trailing spaces.
 *
 * @param columns - headings; a column stands to the left unless told otherwise
 * @param rows - cells, as many in each row as there are columns
 */
export function table(columns: Column[], rows: string[][]): string {
  const headings = columns.map((column) => column.heading);
  const rules = columns.map((_, index) => "─".repeat(widthOf(index)));
  return [headings, rules, ...rows].map(line).join("\n");

  function widthOf(index: number): number {
    return Math.max(...[headings, ...rows].map((row) => row[index].length));
  }
  function line(cells: string[]): string {
    const padded = cells.map((cell, index) =>
      columns[index].align === "right" ? cell.padStart(widthOf(index)) : cell.padEnd(widthOf(index)),
    );
    return padded.join("  ").trimEnd();
  }
}

/** Names and values under one another, the values in one column. */
export function facts(pairs: [name: string, value: string][]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`.trimEnd()).join("\n");
}
