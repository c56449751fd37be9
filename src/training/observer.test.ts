import { expect, test } from "vitest";
import { discs } from "../../test/support/tiny.js";
import { spread } from "./observer.js";

test("images at equal distances come from the whole set, with their labels", () => {
  const set = discs(10, { labels: true });
  const few = spread(set, 3);
  const size = 3 * set.resolution ** 2;
  expect(few.count).toBe(3);
  [0, 3, 6].forEach((image, place) => {
    expect(few.labels[place]).toBe(set.labels[image]);
    expect(few.images.slice(place * size, (place + 1) * size)).toEqual(
      set.images.slice(image * size, (image + 1) * size),
    );
  });
});
