import { expect, test } from "vitest";
import { localRanks } from "../../test/support/local-ranks.js";
import { UserError } from "../errors.js";
import { single } from "./ranks.js";
import { together } from "./together.js";

test("all hear what came of it on each", async () => {
  const ranks = localRanks(3);
  const work = (rank: number) => async () => ({ result: 100 + rank, told: 10 * rank });
  const done = await Promise.all(ranks.map((own) => together(own, work(own.rank))));
  expect(done).toEqual([0, 1, 2].map((rank) => ({ result: 100 + rank, told: [0, 10, 20] })));
  expect(await together(single, work(0))).toEqual({ result: 100, told: [0] });
});

test("what fails on one fails on all, whose results are given back", async () => {
  const discarded: number[] = [];
  const outcomes = localRanks(3).map((own) => {
    const work = async () => {
      if (own.rank === 1) throw new UserError("not-found", "No images here.");
      return { result: own.rank, told: undefined };
    };
    return together(own, work, async (result) => void discarded.push(result));
  });
  const [first, second, third] = await Promise.allSettled(outcomes);
  expect(second).toMatchObject({ reason: { code: "not-found", message: "No images here." } });
  for (const other of [first, third]) {
    expect(other).toMatchObject({ reason: { code: "environment", message: "On rank 1 (here): No images here." } });
  }
  expect(discarded.sort()).toEqual([0, 2]);
});
