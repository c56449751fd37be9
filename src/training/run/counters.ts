/** @file How far a run has come. */
import { z } from "zod";

const count = z.int().nonnegative();

/** Entries of a checkpoint's manifest. */
export const counterSchemas = {
  /** Batches seen: keys data and noise, and names the checkpoint. */
  step: count,
  images: count,
  /** Updates made: drives learning rate, bias correction and EMA. */
  updates: count,
  skips: count,
  /** Skipped without an update since: training stops when there are too many. */
  consecutiveSkips: count,
};

export type Counters = { -readonly [Name in keyof typeof counterSchemas]: number };

/** Those of a run that has not begun. */
export const FRESH: Counters = { step: 0, images: 0, updates: 0, skips: 0, consecutiveSkips: 0 };
