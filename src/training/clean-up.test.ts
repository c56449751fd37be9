import { expect, test } from "vitest";
import { thenCleanUp } from "./clean-up.js";

const failing = (message: string) => () => Promise.reject(new Error(message));

test("cleans up once after work that succeeds and after work that fails", async () => {
  let cleaned = 0;
  const cleanUp = async () => void cleaned++;
  expect(await thenCleanUp(async () => 7, cleanUp)).toBe(7);
  await expect(thenCleanUp(failing("work"), cleanUp)).rejects.toThrow("work");
  expect(cleaned).toBe(2);
});

test("the first of two failures is told, and one of cleaning up alone", async () => {
  await expect(thenCleanUp(failing("work"), failing("cleaning up"))).rejects.toThrow("work");
  await expect(thenCleanUp(async () => 7, failing("cleaning up"))).rejects.toThrow("cleaning up");
});
