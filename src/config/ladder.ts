/** @file The ladder of resolutions that a model's levels must form. */

interface Ladder {
  resolution: number;
  levels: { resolution: number }[];
  superResolution?: { blocks: number[] };
}

/** The resolution one level down: half, or 1 where half would be below 4; undefined where a step of 2 or 4 cannot lead down. */
function lowerResolution(resolution: number): number | undefined {
  if (resolution === 4) return 1;
  return resolution % 2 === 0 && resolution >= 8 ? resolution / 2 : undefined;
}

/** What is wrong with a model's resolutions, each with the path of the field to mend; empty when nothing is. */
export function ladderProblems({
  resolution,
  levels,
  superResolution,
}: Ladder): { path: (string | number)[]; message: string }[] {
  const problems: { path: (string | number)[]; message: string }[] = [];
  const top = levels.length - 1;
  let expected: number | undefined = resolution;
  for (let level = top; level >= 0; level--) {
    if (expected === undefined) {
      const message = `expected at most ${top - level} levels, since no level fits below resolution ${levels[level + 1].resolution} (each is half of the one above, 1 below 4)`;
      return [...problems, { path: ["levels"], message }];
    }
    if (levels[level].resolution !== expected) {
      const message = `expected ${expected} (levels are listed from the lowest resolution to the model's ${resolution}, each half of the one above, 1 below 4), got ${levels[level].resolution}`;
      return [...problems, { path: ["levels", level, "resolution"], message }];
    }
    expected = lowerResolution(expected);
  }
  if (superResolution) {
    const depth = superResolution.blocks.length;
    if (levels[0].resolution % 2 ** (depth - 1) !== 0 || levels[0].resolution / 2 ** (depth - 1) < 4) {
      const message = `expected fewer U-Net levels, since ${depth} levels of halving lead from resolution ${levels[0].resolution} below 4`;
      problems.push({ path: ["superResolution", "blocks"], message });
    }
    if (levels[0].resolution >= resolution) {
      const message = `expected at least two levels in a super-resolution model: the lowest has the small image's resolution`;
      problems.push({ path: ["levels"], message });
    }
  }
  return problems;
}
