/** @file Bars of information per latent group, which are the navigation: groups above the cut stay, those below are drawn anew. */
import type { GroupSummary } from "./backend.js";
import { onRadioKey } from "./roving.js";
import { bitsOf, groupsWithin } from "./scene.js";

/** What the bars show, and what happens when one is chosen. */
export interface GroupBarsProps {
  groups: readonly GroupSummary[];
  /** KL of every group, nats; null where it is not known. */
  klNats: readonly (number | null)[];
  /** Whose information that is, as the end of a sentence. */
  whose: string;
  /** Groups that are kept. */
  keep: number;
  /** What is done with the groups above the cut, and with the others. */
  verbs: { above: string; below: string };
  onKeep: (groups: number) => void;
}

const bits = (nats: number): string => {
  const value = nats / Math.LN2;
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
};

/** One colour a resolution, coarse to fine. */
export const stratum = (groups: readonly GroupSummary[], resolution: number): number => {
  const all = [...new Set(groups.map((group) => group.resolution))];
  return Math.round((all.indexOf(resolution) / Math.max(all.length - 1, 1)) * 4);
};

export function GroupBars({ groups, klNats, whose, keep, verbs, onKeep }: GroupBarsProps) {
  const known = klNats.map((nats) => nats ?? 0);
  const total = known.reduce((sum, nats) => sum + nats, 0);
  const target = (share: number | null) => (share === null ? null : share * total);
  const largest = Math.max(1e-9, ...known, ...groups.map(({ share }) => target(share) ?? 0));
  const width = (nats: number) => `${100 * Math.sqrt(nats / largest)}%`;
  const choices = groups.length + 1;
  const radio = (stop: number, label: string) => ({
    role: "radio" as const,
    "aria-checked": keep === stop,
    "aria-label": label,
    tabIndex: keep === stop ? 0 : -1,
    onClick: () => onKeep(stop),
    onKeyDown: (event: KeyboardEvent) => onRadioKey(event, { chosen: keep, count: choices, choose: onKeep }),
  });
  const allBits = bitsOf(known);
  return (
    <div class="groups">
      <div role="radiogroup" aria-label={`Latent groups to ${verbs.above}`} class="bars">
        <button
          type="button"
          class={`bar none ${keep === 0 ? "cut" : ""}`}
          {...radio(0, `No group: ${verbs.below} all`)}
        >
          <span class="resolution" />
          <span class="what">nothing — {verbs.below} all</span>
        </button>
        {groups.map(({ index, resolution, share }) => {
          const nats = known[index];
          const aimed = target(share);
          const starts = groups[index - 1]?.resolution !== resolution;
          const label = `The first ${index + 1}, to ${resolution} by ${resolution}, ${bits(nats)} bits`;
          return (
            <button
              key={index}
              type="button"
              class={`bar s${stratum(groups, resolution)} ${index < keep ? "kept" : "drawn"} ${index + 1 === keep ? "cut" : ""}`}
              title={`Group ${index}: ${bits(nats)} bits${aimed === null ? "" : `, target ${bits(aimed)}`}`}
              {...radio(index + 1, label)}
            >
              <span class="resolution">{starts ? `${resolution}²` : ""}</span>
              <span class="track">
                <span class="fill" style={{ width: width(nats) }} />
                {aimed === null || total === 0 ? null : <span class="target" style={{ left: width(aimed) }} />}
              </span>
              <span class="bits">{total === 0 ? "" : bits(nats)}</span>
            </button>
          );
        })}
      </div>
      <p class="legend">
        <span class="swatch kept" /> {verbs.above} <span class="swatch" /> {verbs.below} <span class="swatch tick" />{" "}
        target
      </p>
      {total > 0 ? (
        <label class="slider bits-kept">
          <span>
            <b>{bitsOf(known, keep).toFixed(0)}</b> of {allBits.toFixed(0)} bits {whose}
          </span>
          <input
            type="range"
            min={0}
            max={Math.ceil(allBits)}
            step={1}
            value={Math.ceil(bitsOf(known, keep))}
            aria-label={`Bits to ${verbs.above}`}
            onInput={({ currentTarget }) => onKeep(nextStop(Number(currentTarget.value), keep, known))}
          />
        </label>
      ) : null}
    </div>
  );
}

/** The groups that a slider of bits asks for: each key moves by one group at least, however many bits that has. */
function nextStop(asked: number, keep: number, klNats: readonly number[]): number {
  const now = Math.ceil(bitsOf(klNats, keep));
  const fits = groupsWithin(asked, klNats);
  if (asked === now) return keep;
  return Math.abs(asked - now) === 1 && fits === keep ? keep + Math.sign(asked - now) : fits;
}
