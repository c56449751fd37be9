/** @file One picture at every pair of guidance weights, as a pad to choose from: mean to the right, variance downwards. */
import { Pixels } from "./pixels.js";
import { onRadioKey } from "./roving.js";
import { PAD_WEIGHTS } from "./scene.js";
import type { Settings } from "./settings.js";
import type { Shown } from "./store.js";

export function GuidancePad({
  guidance,
  pad,
  onGuide,
}: {
  guidance: Settings["guidance"];
  pad: Shown;
  onGuide: (guidance: Settings["guidance"]) => void;
}) {
  const pairs = PAD_WEIGHTS.flatMap((variance) => PAD_WEIGHTS.map((mean) => ({ mean, variance })));
  const found = pairs.findIndex(({ mean, variance }) => mean === guidance.mean && variance === guidance.variance);
  const focusable = Math.max(found, 0); // an address may hold other weights
  return (
    <div class={`pad ${pad.stale ? "stale" : ""}`}>
      <div class="axis across" aria-hidden="true">
        <span>mean</span>
        {PAD_WEIGHTS.map((weight) => (
          <span key={weight}>{weight}</span>
        ))}
      </div>
      <div class="pad-rows">
        <div class="axis down" aria-hidden="true">
          {PAD_WEIGHTS.map((weight) => (
            <span key={weight}>{weight}</span>
          ))}
        </div>
        <div role="radiogroup" aria-label="Guidance weights" class="pad-grid">
          {pairs.map((pair, index) => (
            <button
              key={`${pair.mean},${pair.variance}`}
              type="button"
              role="radio"
              aria-checked={index === found}
              aria-label={`Mean ${pair.mean}, variance ${pair.variance}`}
              title={`mean ${pair.mean}, variance ${pair.variance}`}
              tabIndex={index === focusable ? 0 : -1}
              class="thumb"
              onClick={() => onGuide(pair)}
              onKeyDown={(event) =>
                onRadioKey(event, {
                  chosen: focusable,
                  count: pairs.length,
                  columns: PAD_WEIGHTS.length,
                  choose: (next) => onGuide(pairs[next]),
                })
              }
            >
              <Pixels picture={pad.pictures[index]} />
            </button>
          ))}
        </div>
      </div>
      <p class="hint">
        <span>variance ↓</span>
        <span>
          mean <b>{guidance.mean}</b>, variance <b>{guidance.variance}</b>
        </span>
      </p>
    </div>
  );
}
