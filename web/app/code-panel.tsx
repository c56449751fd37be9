/** @file What is on screen as a command and as a program. */
import { useState } from "preact/hooks";
import type { ModelSummary } from "./backend.js";
import { commandOf, programOf, webProgramOf } from "./snippets.js";
import type { Store } from "./store.js";

const KINDS = [
  { id: "command", name: "Command" },
  { id: "program", name: "TypeScript" },
  { id: "page", name: "Web page" },
] as const;

export function CodePanel({ store, model }: { store: Store; model: ModelSummary }) {
  const [kind, setKind] = useState<(typeof KINDS)[number]["id"]>("command");
  const [copied, setCopied] = useState(false);
  const settings = store.settings.value;
  const { origin, end } = store.images.value;
  const files = { origin: origin?.file.name, end: end?.file.name };
  const labels = store.grid.value.recipes.map(({ label }) => label);
  const text = {
    command: () => commandOf(settings, model, files),
    program: () => programOf(settings, model, files, labels),
    page: () => webProgramOf(settings, model, files, labels),
  }[kind]();
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <>
      <div class="code-head">
        <h2>The same as code</h2>
        <div class="segments" role="group" aria-label="Kind of code">
          {KINDS.map(({ id, name }) => (
            <button key={id} type="button" aria-pressed={kind === id} onClick={() => setKind(id)}>
              {name}
            </button>
          ))}
        </div>
        <button type="button" class="quiet" onClick={() => copy().catch((error) => store.fail(error))}>
          {copied ? "Copied" : "Copy"}
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <pre class="code" tabIndex={0} role="region" aria-label={kind === "command" ? "Command" : "Program"}>
        <code>{text}</code>
      </pre>
    </>
  );
}
