import { expect, test } from "vitest";
import { Lifetime } from "./lifetime.js";

const never = () => new Promise<never>(() => {});

test("work that ends in time has its result, or its own error", async () => {
  const lifetime = new Lifetime("This thing");
  expect(await lifetime.during(async () => 7)).toBe(7);
  await expect(lifetime.during(() => Promise.reject(new Error("of its own")))).rejects.toThrow("of its own");
});

test("all work under way, and all that comes later, fails with one error", async () => {
  const lifetime = new Lifetime("This thing");
  const works = [lifetime.during(never), lifetime.during(never)].map((work) => work.catch((error: Error) => error));
  await lifetime.end(async () => {});
  const late = lifetime.during(async () => 7).catch((error: Error) => error);
  const errors = await Promise.all([...works, late]);
  expect(new Set(errors).size).toBe(1);
  expect((errors[0] as Error).message).toBe("This thing has been disposed.");
});

test("it is released once, however often and from wherever it is ended, and everybody waits for that", async () => {
  const lifetime = new Lifetime("This thing");
  let released = 0;
  const release = async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    released++;
  };
  await Promise.all([lifetime.end(release), lifetime.end(release)]);
  await lifetime.end(release);
  expect(released).toBe(1);
});

test("a release may wait until nothing works any more", async () => {
  const lifetime = new Lifetime("This thing");
  const order: string[] = [];
  let finish = () => {};
  const work = lifetime.during(async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    order.push("worked");
  });
  const ended = lifetime.end(async (settled) => {
    finish();
    await settled();
    order.push("released");
  });
  await expect(work).rejects.toThrow("disposed");
  await ended;
  expect(order).toEqual(["worked", "released"]);
});
