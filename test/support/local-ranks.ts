/** @file Ranks within one process, for tests of what ranks do with each other. */

import type { Ranks } from "../../src/ranks/ranks.js";
import { addPieces } from "../../src/ranks/sum-pieces.js";

/** As many ranks, all of which have to be at work at once. */
export function localRanks(size: number): Ranks[] {
  /** What each has said, meeting by meeting; resolved when all have. */
  const meetings: { said: unknown[]; count: number; done: PromiseWithResolvers }[] = [];
  return Array.from({ length: size }, (_, rank): Ranks => {
    let attended = 0;
    const gather = async <T>(value: T): Promise<T[]> => {
      meetings[attended] ??= { said: [], count: 0, done: withResolvers() };
      const meeting = meetings[attended++];
      meeting.said[rank] = structuredClone(value);
      if (++meeting.count === size) meeting.done.resolve();
      await meeting.done.promise;
      return structuredClone(meeting.said) as T[];
    };
    return {
      rank,
      size,
      sharing: size,
      hosts: new Array(size).fill("here"),
      gather,
      broadcast: async (value) => (await gather(rank === 0 ? value : undefined))[0]!,
      sum: async (arrays) => {
        const all = await gather(arrays);
        return arrays.map((array, index) => {
          const pieces = new Float32Array(array.length * size);
          for (const [from, given] of all.entries()) pieces.set(given[index], from * array.length);
          return addPieces(pieces, size).slice();
        });
      },
      close: async () => {},
    };
  });
}

interface PromiseWithResolvers {
  promise: Promise<void>;
  resolve(): void;
}

function withResolvers(): PromiseWithResolvers {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
