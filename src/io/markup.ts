/** @file Markup that escapes by default: only what another template or a chart made is taken as it is. */

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text made safe for HTML and XML, in content and in quoted attributes. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** Markup that needs no further escaping. */
export class Html {
  constructor(readonly text: string) {}
}

/** What a template takes; null, undefined and false leave nothing behind. */
export type Content = Html | string | number | null | undefined | false | readonly Content[];

function textOf(content: Content): string {
  if (content instanceof Html) return content.text;
  if (content === null || content === undefined || content === false) return "";
  if (typeof content === "object") return content.map(textOf).join("");
  return escapeText(String(content));
}

/** Template tag: html`<b>${name}</b>` escapes `name` unless it is `Html`; arrays are joined. Attributes must be quoted. */
export function html(parts: TemplateStringsArray, ...values: Content[]): Html {
  return new Html(String.raw({ raw: parts }, ...values.map(textOf)));
}
