import { expect, test } from "vitest";
import { abortable, forEachConcurrently } from "./concurrent.js";

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

test("what is waited for comes, or what went wrong", async () => {
  const { signal } = new AbortController();
  expect(await abortable(Promise.resolve(7), signal)).toBe(7);
  await expect(abortable(Promise.reject(new Error("broken")), signal)).rejects.toThrow("broken");
});

test("after an abort nobody waits, and what comes late is discarded", async () => {
  const stop = new AbortController();
  let finish = (_value: number) => {};
  const work = new Promise<number>((resolve) => {
    finish = resolve;
  });
  const discarded: number[] = [];
  const discard = (late: number) => discarded.push(late);
  const waiting = abortable(work, stop.signal, discard);
  stop.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  finish(7);
  await work;
  await expect(abortable(Promise.reject(new Error("late")), stop.signal, discard)).rejects.toThrow("enough");
  expect(discarded).toEqual([7]);
});
