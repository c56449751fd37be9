/** @file The words that somebody may have meant by a mistyped one. */

/** Edits (insertions, deletions, replacements) that turn one word into another, whatever their case. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1] + (from[i - 1].toLowerCase() === to[j - 1].toLowerCase() ? 0 : 1);
      next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[to.length];
}

/** The end of a message on an unknown word: ": did you mean x?" where it is like one of the candidates, else ".". */
export function suggestion(word: string, candidates: readonly string[]): string {
  const [best] = nearest(word, candidates, 1);
  const like = best !== undefined && editDistance(word, best) <= LIKE * Math.max(word.length, best.length);
  return like ? `: did you mean ${best}?` : ".";
}

/** Share of a word's letters that may be wrong. */
const LIKE = 0.34;

/** The candidates nearest to a mistyped word, best first. */
export function nearest(word: string, candidates: readonly string[], count = 3): string[] {
  return [...candidates]
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(({ candidate }) => candidate);
}
