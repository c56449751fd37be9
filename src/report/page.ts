/** @file The frame of every page we write: complete in itself, pictures inline, no scripts, nothing loaded. */
import { Html, html } from "./html.js";
import { PAGE_STYLE } from "./page-style.js";

/** Nothing may be loaded, nothing may run: whatever a title or a file name holds. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/** A whole page as text, the same for the same parts. */
export function renderPage(title: string, { header, main }: { header: Html; main: Html }): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${title}</title>
<style>${new Html(PAGE_STYLE)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
${header}
</header>
<main>
${main}
</main>
</body>
</html>
`.text;
}
