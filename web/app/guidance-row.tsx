/** @file One picture at every guidance weight of a refinement, as a row to choose from. */
import { Pixels } from "./pixels.js";
import { onRadioKey } from "./roving.js";
import { REFINED_WEIGHTS } from "./scene.js";
import type { Shown } from "./store.js";

export function GuidanceRow({
  weight,
  pad,
  onGuide,
}: {
  weight: number;
  pad: Shown;
  onGuide: (weight: number) => void;
}) {
  const found = REFINED_WEIGHTS.indexOf(weight);
  const focusable = Math.max(found, 0); // an address may hold another weight
  return (
    <div class={`pad ${pad.stale ? "stale" : ""}`}>
      <div role="radiogroup" aria-label="Guidance weight of the refinement" class="pad-row">
        {REFINED_WEIGHTS.map((each, index) => (
          <div key={each} class="pad-choice">
            <button
              type="button"
              role="radio"
              aria-checked={index === found}
              aria-label={`Weight ${each}`}
              tabIndex={index === focusable ? 0 : -1}
              class="thumb"
              onClick={() => onGuide(each)}
              onKeyDown={(event) =>
                onRadioKey(event, {
                  chosen: focusable,
                  count: REFINED_WEIGHTS.length,
                  columns: REFINED_WEIGHTS.length,
                  choose: (next) => onGuide(REFINED_WEIGHTS[next]),
                })
              }
            >
              <Pixels picture={pad.pictures[index]} />
            </button>
            <span aria-hidden="true">{each}</span>
          </div>
        ))}
      </div>
      <p class="hint">More guidance shows the class more clearly, and makes pictures more alike.</p>
    </div>
  );
}
