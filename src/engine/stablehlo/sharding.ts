/** @file How a program's inputs are divided among the devices that run it together. */

/** What each device gets. */
export interface Division {
  /** Devices among which the rows (axis 0) of some inputs are divided. */
  devices: number;
  /** Those inputs, by index. Of the others every device has a copy. */
  divided: ReadonlySet<number>;
}

/**
 * Whether each device has only its rows of an input. Rows that cannot be shared out equally are not divided.
 *
 * @param input - its index
 */
export const isDivided = (input: number, shape: readonly number[], { devices, divided }: Division): boolean =>
  devices > 1 && divided.has(input) && shape.length > 0 && shape[0] % devices === 0;

/** Every device has all of an array, as XLA says it. */
export const REPLICATED = `"{replicated}"`;

/** What each device has of an input, as XLA says it: devices along each axis, then their order. */
export function inputSharding(input: number, shape: readonly number[], division: Division): string {
  const { devices } = division;
  return isDivided(input, shape, division)
    ? `"{devices=[${[devices, ...shape.slice(1).map(() => 1)]}]<=[${devices}]}"`
    : REPLICATED;
}
