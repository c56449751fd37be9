/** @file Work that every rank does, and that all have to have done before they go on. */
import { UserError } from "../errors.js";
import { nameOfRank, type Ranks } from "./ranks.js";

/** What a rank says when it has done its work, or failed. */
type Outcome<Told> = { told: Told } | { failed: string };

/**
 * Does the same work on every rank, and tells all what came of it on each. When it fails on one, it fails on all.
 *
 * @param work - gives a result for this rank, and what the others are told
 * @param discard - gives back the result where another rank has failed
 * @throws what `work` throws; UserError that names the first other rank on which it failed
 */
export async function together<Result, Told>(
  ranks: Ranks,
  work: () => Promise<{ result: Result; told: Told }>,
  discard: (result: Result) => Promise<void> = async () => {},
): Promise<{ result: Result; told: Told[] }> {
  const own = await work().then(
    (done) => done,
    (error: unknown) => ({ error }),
  );
  const outcome: Outcome<Told> = "error" in own ? { failed: messageOf(own.error) } : { told: own.told };
  const outcomes = await ranks.gather(outcome);
  if ("error" in own) throw own.error;
  const other = outcomes.findIndex((each) => "failed" in each);
  if (other >= 0) {
    await discard(own.result);
    throw new UserError(
      "environment",
      `On ${nameOfRank(ranks, other)}: ${(outcomes[other] as { failed: string }).failed}`,
    );
  }
  return { result: own.result, told: outcomes.map((each) => (each as { told: Told }).told) };
}

/** What an error says; of a failure of ours with where it was. */
const messageOf = (error: unknown): string => {
  if (error instanceof UserError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
};
