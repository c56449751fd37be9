import { expect, test } from "vitest";
import { Scheduler } from "./scheduler.js";

/** Work that ends when it is told to. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

test("one thing after another, the most urgent of those that wait first", async () => {
  const scheduler = new Scheduler();
  const order: string[] = [];
  const first = gate();
  const work = (name: string) => async () => void order.push(name);
  const asked = [
    scheduler.ask("first", 5, async () => {
      await first.opened;
      order.push("first");
    }),
    scheduler.ask("pad", 2, work("pad")),
    scheduler.ask("grid", 1, work("grid")),
  ];
  expect(scheduler.idle).toBe(false);
  first.open();
  await Promise.all(asked);
  expect(order).toEqual(["first", "grid", "pad"]);
  expect(scheduler.idle).toBe(true);
});

test("what is asked anew under a key replaces what waits, and aborts what runs", async () => {
  const scheduler = new Scheduler();
  const order: string[] = [];
  const running = scheduler.ask("grid", 1, async (signal) => {
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  });
  const waiting = scheduler.ask("pad", 2, async () => void order.push("old pad"));
  const newer = scheduler.ask("pad", 2, async () => void order.push("new pad"));
  scheduler.ask("grid", 1, async () => void order.push("new grid"));
  await Promise.all([running, waiting, newer]);
  expect(order).toEqual(["new grid", "new pad"]);
});

test("a failure is told to whoever asked, and others go on", async () => {
  const scheduler = new Scheduler();
  const failing = scheduler.ask("grid", 1, () => Promise.reject(new Error("no")));
  const other = scheduler.ask("pad", 2, async () => {});
  await expect(failing).rejects.toThrow("no");
  await other;
});
