import { expect, test } from "vitest";
import { surplusSteps } from "./retention.js";

const steps = [900, 2500, 5003, 7500, 10_000];
const keeping = { current: 10_000, recent: 2, every: 0 };

test("all but the newest and the best can go, in the order of numbers", () => {
  expect(surplusSteps(steps, keeping)).toEqual([900, 2500, 5003]);
  expect(surplusSteps(steps, { ...keeping, best: 2500 })).toEqual([900, 5003]);
  expect(surplusSteps(steps, { ...keeping, recent: 9 })).toEqual([]);
});

test("the first checkpoint from every multiple on is kept for good, also where skips have shifted the steps", () => {
  expect(surplusSteps(steps, { ...keeping, every: 5000 })).toEqual([900, 2500]);
  expect(surplusSteps(steps, { ...keeping, recent: 1, every: 2500 })).toEqual([900]);
});

test("what is kept for good stays so through a whole run, saved one after the other, with best ones between", () => {
  let kept: number[] = [];
  const saved: number[] = [];
  for (let step = 70; step <= 7000; step += 70) {
    for (const current of step % 210 === 0 ? [step - 13, step] : [step]) {
      kept.push(current);
      saved.push(current);
      const gone = surplusSteps(kept, {
        current,
        recent: 3,
        every: 1000,
        best: step % 210 === 0 ? step - 13 : undefined,
      });
      expect(gone).not.toContain(current);
      kept = kept.filter((each) => !gone.includes(each));
    }
  }
  const firstFrom = (step: number) => saved.find((each) => each >= step)!;
  const forGood = [1000, 2000, 3000, 4000, 5000, 6000, 7000].map(firstFrom);
  expect(kept).toEqual([...new Set([...forGood, ...saved.slice(-3)])].sort((a, b) => a - b));
  expect(forGood.slice(0, 4)).toEqual([1037, 2030, 3010, 4060]);
});

test("damaged checkpoints after the one just saved do not push it out", () => {
  expect(surplusSteps([100, 200, 300, 400], { current: 200, recent: 1, every: 0 })).toEqual([100]);
});
