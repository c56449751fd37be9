import { expect, test } from "vitest";
import { sumInTree, waitingSums } from "./tree-sum.js";

/** The tree as brackets, how many sums waited at once, and what was given back. */
async function shape(count: number, failing = -1) {
  const held = new Set<string>();
  let most = 0;
  const discarded: string[] = [];
  const made = (sum: string) => {
    held.add(sum);
    most = Math.max(most, held.size - 1);
    return sum;
  };
  const tree = sumInTree<string>(count, {
    leaf: async (index, sum) => {
      if (index === failing) throw new Error(`term ${index}`);
      if (sum !== undefined) held.delete(sum);
      return made(sum === undefined ? String(index) : `(${sum}+${index})`);
    },
    add: async (a, b) => {
      held.delete(a);
      held.delete(b);
      return made(`(${a}+${b})`);
    },
    discard: (sum) => discarded.push(sum),
  });
  return { tree: await tree.catch((error: Error) => error.message), most, discarded };
}

test.each([
  [1, "0"],
  [2, "(0+1)"],
  [3, "((0+1)+2)"],
  [4, "((0+1)+(2+3))"],
  [5, "(((0+1)+2)+(3+4))"],
  [6, "(((0+1)+2)+((3+4)+5))"],
  [8, "(((0+1)+(2+3))+((4+5)+(6+7)))"],
])("%i terms are added as %s", async (count, brackets) => {
  expect((await shape(count)).tree).toBe(brackets);
});

test.each([2, 4, 8])("of 16 terms, the sums of %i equal parts are nodes of the tree", async (parts) => {
  const terms = 16 / parts;
  const { tree } = await shape(16);
  const own = (await shape(terms)).tree;
  const ofPart = (part: number) => own.replace(/\d+/g, (index) => String(Number(index) + part * terms));
  const outer = (await shape(parts)).tree.replace(/\d+/g, (part) => ofPart(Number(part)));
  expect(tree).toBe(outer);
});

test.each([1, 2, 3, 4, 7, 8, 9, 16, 100])("of %i terms no more sums wait than memory is planned for", async (count) => {
  expect((await shape(count)).most).toBe(waitingSums(count));
});

test("when a term fails, every sum that waited is given back", async () => {
  expect(await shape(8, 6)).toMatchObject({ tree: "term 6", discarded: ["(4+5)", "((0+1)+(2+3))"] });
});
