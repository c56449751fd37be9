import { expect, test } from "vitest";
import { fittedLine, wholeLine } from "./status-line.js";
import { workLine } from "./work-line.js";

test("work is told as how much, how fast and how long still, from the first report on", () => {
  let ms = 0;
  const line = workLine({ what: "packing images", unit: "images", now: () => ms });
  expect(wholeLine(line(1000, 50_000))).toBe("packing images: 1,000 of 50,000");
  ms = 10_000;
  const status = line(3000, 50_000);
  expect(wholeLine(status)).toBe("packing images: 3,000 of 50,000  200 images/s  3 min 55 s left");
  expect(fittedLine(status, 59)).toBe("3,000/50,000  200/s  3 min 55 s left");
  expect(fittedLine(status, 30)).toBe("3,000/50,000  3 min 55 s left");
  expect(fittedLine(status, 19)).toBe("3,000/50,000");
});

test("work that begins anew is measured anew", () => {
  let ms = 0;
  const line = workLine({ unit: "images", now: () => ms });
  line(0, 100);
  ms = 1000;
  expect(wholeLine(line(50, 100))).toBe("50 of 100 images  50.0 images/s  1.0 s left");
  expect(wholeLine(line(0, 100))).toBe("0 of 100 images");
});
