import { expect, test } from "vitest";
import { Html, html } from "./markup.js";

test("values are escaped in content and in attributes", () => {
  const hostile = `<img src=x onerror="alert('1')">&`;
  const escaped = "&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;";
  expect(html`<b title="${hostile}">${hostile}</b>`.text).toBe(`<b title="${escaped}">${escaped}</b>`);
});

test("markup is taken as it is, arrays are joined, nothing is made of nothing", () => {
  const items = ["a", "<"].map((item) => html`<li>${item}</li>`);
  expect(html`<ul>${items}</ul>${new Html("<hr>")}${null}${undefined}${false}${0}`.text).toBe(
    "<ul><li>a</li><li>&lt;</li></ul><hr>0",
  );
});

test("backslashes of values stay", () => {
  expect(html`a\n${"b\\c"}`.text).toBe("a\nb\\c");
});
