import { expect, test } from "vitest";
import { forEachConcurrently } from "./concurrent.js";

/** 0 … count − 1; `asked` tells how many were asked for, and whether the end was told. */
function numbers(count: number) {
  const asked = { count: 0, closed: false };
  async function* items() {
    try {
      for (let i = 0; i < count; i++) {
        asked.count++;
        yield i;
      }
    } finally {
      asked.closed = true;
    }
  }
  return { items: items(), asked };
}

const soon = () => new Promise<void>((resolve) => setImmediate(resolve));

test("every item is worked on once, no more than the limit at a time", async () => {
  const seen: number[] = [];
  let [active, most] = [0, 0];
  await forEachConcurrently(numbers(50).items, 4, async (item) => {
    most = Math.max(most, ++active);
    await soon();
    seen.push(item);
    active--;
  });
  expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  expect(most).toBe(4);
});

test("a failure ends the work and closes the items", async () => {
  const { items, asked } = numbers(1000);
  const work = forEachConcurrently(items, 4, async (item) => {
    await soon();
    if (item === 10) throw new Error("item 10 is bad");
  });
  await expect(work).rejects.toThrow("item 10 is bad");
  expect(asked.count).toBeLessThan(20);
  expect(asked.closed).toBe(true);
});
