import { expect, test } from "vitest";
import { tinyConfig } from "../../../test/support/tiny.js";
import { resolvePreset } from "../../config/index.js";
import { formatBytes } from "../../number-format.js";
import { checkpointBytes, roomNotice } from "./disk-space.js";

test("a checkpoint is four copies of the weights, moments by half where they are kept so", () => {
  const config = resolvePreset("cifar10");
  expect(checkpointBytes(config) / 1e6).toBeCloseTo(4 * 4 * 45.4, -1);
  const halved = { ...config, optimizer: { ...config.optimizer, stateType: "bfloat16" as const } };
  expect(checkpointBytes(halved) / checkpointBytes(config)).toBeCloseTo(0.75, 2);
});

test("too little room is told with what is there and what will be taken", () => {
  const config = tinyConfig({ training: { keepCheckpoints: 3 } });
  const each = checkpointBytes(config);
  expect(roomNotice(config, "runs/x", 0, 5 * each)).toBeUndefined();
  const bytes = (count: number) => `${formatBytes(count * each)} (${formatBytes(each)} each)`;
  expect(roomNotice(config, "runs/x", 0, 5 * each - 1)).toBe(
    `The disk of runs/x has ${formatBytes(5 * each - 1)} left, but the checkpoints to come take ${bytes(5)}. ` +
      "Training stops when it is full: make room, or lower training.keepCheckpoints.",
  );
  expect(roomNotice(config, "runs/x", 3, 2 * each)).toBeUndefined();
  expect(roomNotice(config, "runs/x", 3, 2 * each - 1)).toContain(`take ${bytes(2)}`);
  expect(roomNotice(config, "runs/x", 9, each)).toBeUndefined(); // however many there are, the next one is written beside them
  expect(roomNotice(config, "runs/x", 9, each - 1)).toContain(`take ${bytes(1)}`);
});
