/** @file Values of Python that configurations are made of, and what can be computed of them. */
import type { Refuse } from "../archives/archive-entry.js";

/** Lists and tuples are arrays, dictionaries Maps. */
export type PythonValue = number | string | boolean | null | PythonValue[] | PythonDictionary;
export type PythonDictionary = Map<string | number, PythonValue>;

/** Elements of the longest list that arithmetic makes. */
const LONGEST_LIST = 10_000;

/** A number, or a truth value as one. */
export function numberOf(value: PythonValue, refuse: Refuse): number {
  if (typeof value === "boolean") return Number(value);
  return typeof value === "number" ? value : refuse("arithmetic of what is no number");
}

/** `a` and `b` with a binary operator between them. */
export function operate(sign: string, a: PythonValue, b: PythonValue, refuse: Refuse): PythonValue {
  if (sign === "==" || sign === "is") return isSame(a, b);
  if (sign === "!=") return !isSame(a, b);
  if (sign === "in") {
    if (b instanceof Map) return b.has(a as string);
    if (Array.isArray(b)) return b.some((each) => isSame(a, each));
    return refuse("a search in what is no list");
  }
  if (sign === "+" && typeof a === "string" && typeof b === "string") return short(a + b, refuse);
  if (sign === "+" && Array.isArray(a) && Array.isArray(b)) return short([...a, ...b], refuse);
  if (sign === "*" && (Array.isArray(a) || Array.isArray(b))) {
    const [list, times] = Array.isArray(a) ? [a, b] : [b as PythonValue[], a];
    const count = Math.max(0, numberOf(times, refuse));
    if (!Number.isInteger(count) || list.length * count > LONGEST_LIST) refuse("a list that is too long");
    return Array.from({ length: list.length * count }, (_, index) => list[index % list.length]);
  }
  const [x, y] = [numberOf(a, refuse), numberOf(b, refuse)];
  if (sign === "<") return x < y;
  if (sign === ">") return x > y;
  if (sign === "<=") return x <= y;
  if (sign === ">=") return x >= y;
  if (y === 0 && (sign === "/" || sign === "//" || sign === "%")) refuse("a division by 0");
  const result = arithmetic(sign, x, y);
  if (result === undefined || !Number.isFinite(result)) return refuse(`arithmetic (${sign}) without a result`);
  return result;
}

function short<T extends string | PythonValue[]>(value: T, refuse: Refuse): T {
  return value.length > LONGEST_LIST ? refuse("a text or list that is too long") : value;
}

function arithmetic(sign: string, x: number, y: number): number | undefined {
  if (sign === "+") return x + y;
  if (sign === "-") return x - y;
  if (sign === "*") return x * y;
  if (sign === "/") return x / y;
  if (sign === "//") return Math.floor(x / y);
  if (sign === "%") return x - Math.floor(x / y) * y;
  return sign === "**" ? x ** y : undefined;
}

/** Functions of Python that have one meaning on plain values; undefined where they have none. */
export const FUNCTIONS = new Map<string, (given: PythonValue[]) => PythonValue | undefined>([
  [
    "len",
    ([list]) =>
      Array.isArray(list) || typeof list === "string" ? list.length : list instanceof Map ? list.size : undefined,
  ],
  ["list", ([list = []]) => (Array.isArray(list) ? [...list] : undefined)],
  ["tuple", ([list = []]) => (Array.isArray(list) ? [...list] : undefined)],
  [
    "int",
    ([number]) => (typeof number === "number" || typeof number === "boolean" ? Math.trunc(Number(number)) : undefined),
  ],
  ["float", ([number]) => (typeof number === "number" || typeof number === "boolean" ? Number(number) : undefined)],
  ["bool", ([value = false]) => isTrue(value)],
  ["sum", ([list]) => numbersOf([list])?.reduce((total, each) => total + each, 0)],
  ["max", (given) => atLeastOne(numbersOf(given), Math.max)],
  ["min", (given) => atLeastOne(numbersOf(given), Math.min)],
]);

function numbersOf(given: (PythonValue | undefined)[]): number[] | undefined {
  const list = given.length === 1 && Array.isArray(given[0]) ? given[0] : given;
  return list.every((each) => typeof each === "number") ? (list as number[]) : undefined;
}

const atLeastOne = (list: number[] | undefined, choose: (...list: number[]) => number) =>
  list && list.length > 0 ? choose(...list) : undefined;

/** As `if` sees it. */
export const isTrue = (value: PythonValue): boolean =>
  Array.isArray(value) ? value.length > 0 : value instanceof Map ? value.size > 0 : Boolean(value);

/** Lists are the same where they hold the same plain values. */
const isSame = (a: PythonValue, b: PythonValue): boolean =>
  a === b ||
  (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((each, index) => each === b[index]));
