import { expect, test } from "vitest";
import { discs } from "../../test/support/tiny.js";
import { spreadIndices, take, takeFirst, takeSpread } from "./image-set.js";

const set = discs(10, { labels: true });
const size = 3 * set.resolution ** 2;
const image = (index: number) => set.images.slice(index * size, (index + 1) * size);

test.each([
  ["named ones", () => take(set, [7, 0, 7]), [7, 0, 7]],
  ["the first", () => takeFirst(set, 2), [0, 1]],
  ["no more than there are", () => takeFirst(set, 99), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ["some at equal distances", () => takeSpread(set, 3), [0, 3, 6]],
])("%s, with their labels", (_, some, indices) => {
  const { count, images, labels } = some();
  expect(count).toBe(indices.length);
  expect([...labels]).toEqual(indices.map((index) => set.labels[index]));
  for (const [place, index] of indices.entries()) {
    expect(images.subarray(place * size, (place + 1) * size)).toEqual(image(index));
  }
});

test("indices at equal distances begin with the first, and are all of them where there are no more", () => {
  expect(spreadIndices(10, 4)).toEqual([0, 2, 5, 7]);
  expect(spreadIndices(3, 8)).toEqual([0, 1, 2]);
  expect(spreadIndices(3, 0)).toEqual([]);
});
