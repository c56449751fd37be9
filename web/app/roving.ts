/** @file Keys within a group of radio buttons (WAI-ARIA Authoring Practices, "Radio Group"): arrows move and choose. */

/** Where a key leads from a choice; undefined for other keys. `columns` of a pad; a list has one. */
export function chosenByKey(key: string, chosen: number, count: number, columns = 1): number | undefined {
  const within = (next: number) => Math.min(Math.max(next, 0), count - 1);
  const row = Math.floor(chosen / columns);
  const inRow = (next: number) => Math.min(Math.max(next, row * columns), (row + 1) * columns - 1);
  switch (key) {
    case "ArrowUp":
      return chosen - columns >= 0 ? chosen - columns : chosen;
    case "ArrowDown":
      return chosen + columns < count ? chosen + columns : chosen;
    case "ArrowLeft":
      return columns === 1 ? within(chosen - 1) : inRow(chosen - 1);
    case "ArrowRight":
      return columns === 1 ? within(chosen + 1) : inRow(chosen + 1);
    case "Home":
      return 0;
    case "End":
      return count - 1;
    case "PageUp":
      return within(chosen - 5 * columns);
    case "PageDown":
      return within(chosen + 5 * columns);
    default:
      return undefined;
  }
}

/** Handles keys of a radio group: chooses, and moves the focus to what is chosen. */
export function onRadioKey(
  event: KeyboardEvent,
  {
    chosen,
    count,
    columns = 1,
    choose,
  }: { chosen: number; count: number; columns?: number; choose: (next: number) => void },
): void {
  const next = chosenByKey(event.key, chosen, count, columns);
  if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  if (next !== chosen) choose(next);
  const group = (event.currentTarget as HTMLElement).closest('[role="radiogroup"]');
  group?.querySelectorAll<HTMLElement>('[role="radio"]')[next]?.focus();
}
