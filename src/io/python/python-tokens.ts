/** @file The words of a Python file, in lines of statements, for those who read its plain assignments. */
import { UserError } from "../../errors.js";

export interface Token {
  kind: "name" | "number" | "text" | "sign" | "end";
  /** As written; of a text what it says. */
  text: string;
  line: number;
  /** From 1. */
  column: number;
}

/** The tokens of one statement, and how far it is indented. */
export interface StatementLine {
  indent: number;
  tokens: Token[];
}

/** Where something is, and what is wrong there: throws. */
export type RefuseAt = (token: Pick<Token, "line" | "column">, problem: string) => never;

export const refuserAt =
  (where: string): RefuseAt =>
  ({ line, column }, problem) => {
    throw new UserError(
      "unsupported-format",
      `Expected plain assignments in ${where}, got ${problem} at line ${line}, column ${column}. ` +
        "Python is read here and not run: numbers, texts, lists, dictionaries, names assigned before, and arithmetic of them.",
    );
  };

const PATTERNS: [Token["kind"], RegExp][] = [
  ["number", /(?:0[xX][\da-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)(?![\w.])/y],
  ["name", /[\p{L}_][\p{L}\p{N}_]*/uy],
  ["sign", /\*\*=|\/\/=|\*\*|\/\/|->|:=|[=!<>+\-*/%]=|[-+*/%=<>()[\]{},:.;@|&^~]/y],
];

const TEXT = /([a-zA-Z]{0,2})("""|'''|"|')/y;

/** Splits a file into statements: a line ends where no bracket is open. */
export function statementLines(source: string, where: string): StatementLine[] {
  const refuse = refuserAt(where);
  const lines: StatementLine[] = [];
  let current: Token[] = [];
  let [at, line, lineStart, open] = [0, 1, 0, 0];
  const place = () => ({ line, column: at - lineStart + 1 });
  let inLine: number | undefined;
  /** Ends a statement; how far it was indented. */
  const finish = (): number | undefined => {
    if (current.length === 0) return inLine;
    const indent = inLine ?? current[0].column - 1;
    lines.push({ indent, tokens: [...current, { kind: "end", text: "the end of the line", ...place() }] });
    current = [];
    return indent;
  };
  const add = (kind: Token["kind"], text: string, length: number) => {
    current.push({ kind, text, ...place() });
    at += length;
  };
  const newLine = () => {
    line++;
    lineStart = at;
  };
  while (at < source.length) {
    const character = source[at];
    if (character === "\n") {
      if (open === 0) {
        finish();
        inLine = undefined;
      }
      at++;
      newLine();
    } else if (character === "\\" && /^\\\r?\n/.test(source.slice(at, at + 3))) {
      at = source.indexOf("\n", at) + 1;
      newLine();
    } else if (/\s/.test(character)) at++;
    else if (character === "#") {
      const end = source.indexOf("\n", at);
      at = end < 0 ? source.length : end;
    } else if (character === ";" && open === 0) {
      const indent = finish(); // the next statement stands in the same line
      at++;
      inLine = indent;
    } else if (match(TEXT)) readText();
    else {
      const found = PATTERNS.map(([kind, pattern]) => [kind, match(pattern)] as const).find(([, text]) => text);
      if (!found) return refuse(place(), `the character ${JSON.stringify(character)}`);
      const [kind, text] = found;
      if ("([{".includes(text!)) open++;
      if (")]}".includes(text!)) open = Math.max(0, open - 1);
      add(kind, text!, text!.length);
    }
  }
  if (open > 0) refuse(place(), "the end of the file in an open bracket");
  finish();
  return lines;

  function match(pattern: RegExp): string | undefined {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  }

  function readText(): void {
    TEXT.lastIndex = at;
    const [start, prefix, quote] = TEXT.exec(source)!;
    const isRaw = /^r$/i.test(prefix);
    if (prefix !== "" && !isRaw && !/^u$/i.test(prefix))
      refuse(place(), `a text that begins with ${prefix}${quote[0]}`);
    let end = at + start.length;
    while (!source.startsWith(quote, end)) {
      if (end >= source.length || (quote.length === 1 && source[end] === "\n"))
        refuse(place(), "a text without its end");
      end += source[end] === "\\" ? 2 : 1;
    }
    const inner = source.slice(at + start.length, end);
    current.push({ kind: "text", text: isRaw ? inner : unescaped(inner), ...place() });
    const whole = source.slice(at, end + quote.length);
    at += whole.length;
    const breaks = whole.split("\n").length - 1;
    if (breaks > 0) {
      line += breaks;
      lineStart = at - (whole.length - whole.lastIndexOf("\n") - 1);
    }
  }
}

const ESCAPES: Record<string, string> = { n: "\n", t: "\t", r: "\r", "\\": "\\", "'": "'", '"': '"', "\n": "" };

const unescaped = (text: string): string =>
  text.replace(/\\([\s\S])/g, (whole, code: string) => ESCAPES[code] ?? whole);
