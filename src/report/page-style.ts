/** @file How a report looks: one column, system fonts, few colours, light and dark. */

const LIGHT = `--paper:#fdfdfb;--ink:#27272a;--muted:#6b7280;--rule:#e2e2e0;--panel:#f5f5f2;
  --first:#2f6690;--second:#c2662d;--third:#5f8a4e;--fourth:#8a5a83`;
const DARK = `--paper:#17191c;--ink:#e4e4e1;--muted:#9ca3af;--rule:#353a40;--panel:#1f2226;
  --first:#7fb2d9;--second:#e39a5f;--third:#9cc48a;--fourth:#c79ac0`;

export const PAGE_STYLE = `
:root { color-scheme: light dark; ${LIGHT}; }
@media (prefers-color-scheme: dark) { :root { ${DARK}; } }
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 3.5rem 1.25rem 5rem; max-width: 47.5rem;
  background: var(--paper); color: var(--ink);
  font: 1.0625rem/1.55 Charter, "Bitstream Charter", "Iowan Old Style", "Sitka Text", Cambria, Georgia, serif;
  font-variant-numeric: lining-nums; overflow-wrap: break-word; counter-reset: figure;
}
h1 { margin: 0; font-size: 2.1rem; line-height: 1.2; font-weight: 600; letter-spacing: -0.01em; text-wrap: balance; }
h2 { margin: 3.25rem 0 0.6rem; font-size: 1.35rem; line-height: 1.3; font-weight: 600; }
p { margin: 0 0 0.9rem; text-wrap: pretty; }
.byline { margin: 0.5rem 0 0; color: var(--muted); font: 0.875rem/1.5 system-ui, sans-serif; }
.lead { margin-top: 1.1rem; font-size: 1.15rem; }

.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(12.5rem, 1fr)); gap: 1.4rem 1.75rem; margin: 2rem 0 0; }
.figures > div { border-top: 2px solid var(--ink); padding-top: 0.55rem; }
.figures dt { color: var(--muted); font: 0.8125rem/1.4 system-ui, sans-serif; }
.figures dd { margin: 0; }
.figures .value { font-size: 1.7rem; line-height: 1.25; }
.figures .meaning { color: var(--muted); font: 0.8125rem/1.45 system-ui, sans-serif; text-wrap: pretty; }

figure { margin: 1.4rem 0 0; min-width: 0; counter-increment: figure; }
figure img, figure svg { display: block; max-width: 100%; height: auto; }
figure svg text { white-space: pre; }
figure img { border-radius: 3px; }
figcaption { margin-top: 0.55rem; color: var(--muted); font: 0.8438rem/1.5 system-ui, sans-serif; text-wrap: pretty; }
figcaption b { color: var(--ink); font-weight: 600; }
figcaption::before { content: "Figure " counter(figure) ". "; color: var(--ink); font-weight: 600; }
.narrow { display: none; }
.pairs, .pictures { display: grid; gap: 0 1.25rem; }
.pairs, .pictures.of-2 { grid-template-columns: repeat(2, minmax(0, 1fr)); }
.pictures.of-3 { grid-template-columns: repeat(3, minmax(0, 1fr)); }

.scroll { overflow-x: auto; margin: 1.4rem 0 0; }
table { border-collapse: collapse; width: 100%; font: 0.875rem/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); padding-bottom: 0.35rem; }
th, td { padding: 0.3rem 0.75rem 0.3rem 0; text-align: right; font-weight: 400; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--muted); white-space: normal; border-bottom: 1px solid var(--ink); vertical-align: bottom; }
tbody tr + tr > * { border-top: 1px solid var(--rule); }

.listing { margin: 1.2rem 0 0; columns: 20rem 2; column-gap: 2rem; font: 0.875rem/1.5 system-ui, sans-serif; }
.listing > div { display: flex; justify-content: space-between; gap: 1rem; padding: 0.22rem 0; border-bottom: 1px solid var(--rule); break-inside: avoid; }
.listing dt { min-width: 0; color: var(--muted); overflow-wrap: anywhere; }
.listing dd { flex: none; margin: 0; max-width: 60%; text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: break-word; }

details { margin-top: 1.2rem; }
summary { cursor: pointer; color: var(--muted); font: 0.875rem/1.5 system-ui, sans-serif; }
pre { margin: 0 0 1.1rem; padding: 0.7rem 0.9rem; white-space: pre-wrap; background: var(--panel); border-radius: 4px; }
code { font: 0.8438rem/1.55 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
p code { white-space: nowrap; }
details pre { margin-top: 0.6rem; }
.purpose { margin: 0 0 0.3rem; }
.note { color: var(--muted); font: 0.875rem/1.5 system-ui, sans-serif; margin-top: 1.2rem; }

@media (max-width: 44rem) {
  body { padding: 2rem 1rem 3rem; font-size: 1rem; }
  h1 { font-size: 1.7rem; }
  h2 { margin-top: 2.5rem; }
  .figures { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1.1rem 1.1rem; }
  .figures .value { font-size: 1.4rem; }
  .wide { display: none; }
  .narrow { display: block; }
  .pairs, .pictures.of-2, .pictures.of-3 { grid-template-columns: minmax(0, 1fr); }
  figure svg { width: 100%; }
  table { font-size: 0.8125rem; }
  th, td { padding-right: 0.5rem; }
}
@media print {
  body { padding: 0; }
  figure, .figures > div, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
}
`;
