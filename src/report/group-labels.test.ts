import { expect, test } from "vitest";
import { formationStages, groupLevels, stageLabels, stagesCaption } from "./group-labels.js";

/** Of emoji32-small: eleven groups. */
const small = [1, 1, 4, 4, 4, 8, 8, 8, 16, 16, 32].map((resolution) => ({ resolution }));

test("each resolution has its groups, numbered from 0", () => {
  expect(groupLevels(small)).toEqual([
    { resolution: 1, first: 0, last: 1 },
    { resolution: 4, first: 2, last: 4 },
    { resolution: 8, first: 5, last: 7 },
    { resolution: 16, first: 8, last: 9 },
    { resolution: 32, first: 10, last: 10 },
  ]);
});

test("where there is room every group has a column, and nothing is left out", () => {
  const stages = formationStages(11, 12);
  expect(stages).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  const labels = stageLabels(stages, small);
  expect(labels.slice(0, 4)).toEqual(["none", "0\n1²", "1\n1²", "2\n4²"]);
  expect(labels.at(-1)).toBe("10\n32²");
  expect(stagesCaption(stages)).not.toContain("Left out");
});

test("where there is less, columns name all groups that they add, and the caption what is left out", () => {
  expect(formationStages(11, 11)).toEqual([0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]);
  const stages = [0, 1, 3, 4, 11];
  expect(stageLabels(stages, small)).toEqual(["none", "0\n1²", "1–2\n1²–4²", "3\n4²", "4–10\n4²–32²"]);
  expect(stagesCaption(stages)).toMatch(/several groups at once: the pictures after groups 1, 4–9\.$/);
  expect(stagesCaption([0, 1, 3])).toMatch(/: the picture after group 1\.$/);
});

test("every group stands in exactly one column, whatever their number", () => {
  for (const count of [1, 2, 11, 16, 39, 78]) {
    const stages = formationStages(count, 12);
    expect([stages[0], stages.at(-1)]).toEqual([0, count]);
    const groups = Array.from({ length: count }, () => ({ resolution: 8 }));
    const named = stageLabels(stages, groups)
      .slice(1)
      .flatMap((label) => {
        const [first, last = first] = label.split("\n")[0].split("–").map(Number);
        return Array.from({ length: last - first + 1 }, (_, i) => first + i);
      });
    expect(named).toEqual(Array.from({ length: count }, (_, i) => i));
  }
});
