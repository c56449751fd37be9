/** @file The values that pickles spell in text: protocol 0, and the integers of Python 2. */

type Refuse = (problem: string) => never;

/** Digits of the longest integer: as many as 256 bytes have. */
const MOST_DIGITS = 617;

/** A value for a message: short, whatever it is and holds. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 100));
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === "object" && value !== null ? `a ${value.constructor.name}` : `${value}`.slice(0, 100);
}

/** An integer, as bigint where a number cannot hold it. */
export function parseDecimal(text: string, refuse: Refuse): number | bigint {
  if (text.length > MOST_DIGITS || !/^-?\d+$/.test(text)) return refuse(`${shown(text)} stands for an integer`);
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

/** A float as Python's `repr` writes it. */
export function parseFloatText(text: string, refuse: Refuse): number {
  if (text === "nan") return Number.NaN;
  if (text === "inf") return Infinity;
  if (text === "-inf") return -Infinity;
  if (!/^-?\d+(\.\d*)?(e[+-]?\d+)?$/i.test(text)) return refuse(`${shown(text)} stands for a float`);
  return Number(text);
}

const quotedEscapes = new Map(Object.entries({ n: "\n", r: "\r", t: "\t", "\\": "\\", "'": "'", '"': '"' }));

/** A string of Python 2 as its `repr` writes it: in quotes, with escapes. */
export function parseQuoted(text: string, refuse: Refuse): Buffer {
  const inner = /^(['"])(.*)\1$/s.exec(text)?.[2];
  if (inner === undefined) return refuse(`${shown(text)} stands for a string in quotes`);
  const plain = inner.replace(/\\(x[0-9a-f]{2}|.|$)/gis, (_, code: string) => {
    if (code.length === 3) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return quotedEscapes.get(code) ?? refuse(`a string has the escape ${shown(`\\${code}`)}`);
  });
  return Buffer.from(plain, "latin1");
}

/** A text in Python's `raw-unicode-escape`: latin1 in which only \uXXXX and \UXXXXXXXX stand for something else. */
export function parseRawUnicode(text: string, refuse: Refuse): string {
  return text.replace(/\\u([0-9a-f]{4})|\\U([0-9a-f]{8})/g, (_, short?: string, long?: string) => {
    const code = Number.parseInt(short ?? long!, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : refuse(`a text has the character ${code}`);
  });
}
