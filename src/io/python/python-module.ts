/**
 * @file Configurations that are Python modules, read without running them: imports are skipped, plain assignments made, and
 * of `def get_config(): …` what it returns. Values are numbers, texts, None, lists and dictionaries, and arithmetic of them;
 * `ConfigDict` and `dict` make dictionaries. Everything else is refused with its line and column.
 */

import { type RefuseAt, refuserAt, type StatementLine, statementLines, type Token } from "./python-tokens.js";
import { FUNCTIONS, isTrue, numberOf, operate, type PythonDictionary, type PythonValue } from "./python-values.js";

/** Characters of the largest file that is read. */
const LARGEST = 1_000_000;
const DEEPEST = 50;
/** Calls of functions of the file, in all. */
const MOST_CALLS = 100;

type Thunk = () => PythonValue;
type Scope = PythonDictionary;

/**
 * What a module defines: what its `get_config` returns, or all that is assigned at its top.
 *
 * @param where - the file's name, for messages
 * @throws UserError with line and column of what is not read here
 */
export function readPythonModule(source: string, where: string): PythonDictionary {
  const refuse = refuserAt(where);
  const start = { line: 1, column: 1 };
  if (source.length > LARGEST) refuse(start, `a file of ${source.length} characters`);
  const module = new Module(refuse);
  const scope: Scope = new Map();
  module.run(statementLines(source, where), scope);
  if (!module.functions.has("get_config")) return scope;
  const config = module.call("get_config", start);
  return config instanceof Map ? config : refuse(start, "a get_config() that returns no dictionary");
}

class Module {
  /** Bodies of the functions of the file, which take nothing. */
  readonly functions = new Map<string, { body: StatementLine[]; outer: Scope }>();
  #calls = 0;

  constructor(readonly refuse: RefuseAt) {}

  /** Runs statements in order; the value that `return` gives, if one is met. */
  run(lines: readonly StatementLine[], scope: Scope): PythonValue | undefined {
    for (let index = 0; index < lines.length; index++) {
      const { indent, tokens } = lines[index];
      if (indent !== lines[0].indent) this.refuse(tokens[0], "a line that is indented");
      const statement = new Statement(this, tokens, scope);
      const [{ text, kind }] = tokens;
      if (kind !== "name") statement.expressionAlone();
      else if (text === "import" || text === "from" || text === "pass") continue;
      else if (text === "def") {
        const name = statement.functionName();
        const after = lines.findIndex((line, at) => at > index && line.indent <= indent);
        const body = lines.slice(index + 1, after < 0 ? lines.length : after);
        if (body.length === 0) this.refuse(tokens[0], "a function without a body");
        this.functions.set(name, { body, outer: scope });
        index += body.length;
      } else if (text === "return") return statement.returned();
      else if (RESERVED.has(text)) this.refuse(tokens[0], JSON.stringify(text));
      else statement.assignment();
    }
    return undefined;
  }

  call(name: string, at: Pick<Token, "line" | "column">): PythonValue {
    if (++this.#calls > MOST_CALLS) this.refuse(at, `more than ${MOST_CALLS} calls`);
    const { body, outer } = this.functions.get(name)!;
    return this.run(body, new Map(outer)) ?? null;
  }
}

/** Binary operators from those that bind least. */
const LEVELS: string[][] = [
  ["or"],
  ["and"],
  ["==", "!=", "<", ">", "<=", ">=", "in", "is"],
  ["+", "-"],
  ["*", "/", "//", "%"],
];

/** Words that are no names, and that nothing here stands for. */
const RESERVED = new Set(
  (
    "as assert async await break class continue del elif else except finally for global if import in is lambda nonlocal not or " +
    "and pass raise return try while with yield def from"
  ).split(" "),
);

const CONSTANTS = new Map<string, PythonValue>([
  ["True", true],
  ["False", false],
  ["None", null],
]);

/** One statement: its tokens are parsed into what evaluates them. */
class Statement {
  #at = 0;
  #depth = 0;
  readonly #refuse: RefuseAt;

  constructor(
    readonly module: Module,
    readonly tokens: readonly Token[],
    readonly scope: Scope,
  ) {
    this.#refuse = module.refuse;
  }

  get #next(): Token {
    return this.tokens[this.#at];
  }

  #is(text: string): boolean {
    return this.#next.text === text && (this.#next.kind === "sign" || this.#next.kind === "name");
  }

  #take(): Token {
    const token = this.#next;
    if (token.kind !== "end") this.#at++;
    return token;
  }

  #skip(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#skip(text)) this.#unexpected();
  }

  #unexpected(): never {
    const { kind, text } = this.#next;
    return this.#refuse(
      this.#next,
      kind === "end" ? text : kind === "text" ? "a text" : JSON.stringify(text.slice(0, 40)),
    );
  }

  /** Refuses what is at a token. */
  #refuser =
    (at: Token) =>
    (what: string): never =>
      this.#refuse(at, what);

  #end(): void {
    if (this.#next.kind !== "end") this.#unexpected();
  }

  /** A text that documents, or a value that nothing is done with. */
  expressionAlone(): void {
    if (this.#next.kind !== "text") this.#unexpected();
    this.#expression()();
    this.#end();
  }

  /** "def NAME():", with or without a type of what it returns. */
  functionName(): string {
    this.#take();
    const { kind, text } = this.#next;
    if (kind !== "name") this.#unexpected();
    this.#take();
    this.#expect("(");
    if (!this.#is(")")) this.#refuse(this.#next, `a function with parameters (${JSON.stringify(text)})`);
    this.#take();
    while (this.#next.kind !== "end" && !this.#is(":")) this.#take();
    this.#expect(":");
    this.#end();
    return text;
  }

  returned(): PythonValue {
    this.#take();
    if (this.#next.kind === "end") return null;
    const value = this.#expressions();
    this.#end();
    return value();
  }

  /** "a = …", "a.b["c"] = …", "a: int = …", "a = b = …", "a += …". */
  assignment(): void {
    const targets: ((value: PythonValue) => void)[] = [];
    const [first] = this.tokens;
    for (;;) {
      const start = this.#at;
      const value = this.#expressions();
      const end = this.#at;
      if (targets.length === 0 && this.#skip(":")) {
        while (this.#next.kind !== "end" && !this.#is("=")) this.#take(); // a type
        if (this.#next.kind === "end") return;
      }
      const sign = this.#next;
      if (sign.kind === "sign" && /^(\+|-|\*|\/|\/\/|%|\*\*)=$/.test(sign.text)) {
        const target = this.#target(start, end);
        this.#take();
        const right = this.#expressions();
        this.#end();
        target(operate(sign.text.slice(0, -1), value(), right(), this.#refuser(sign)));
        return;
      }
      if (this.#is("=")) {
        targets.push(this.#target(start, end));
        this.#take();
        continue;
      }
      this.#end();
      if (targets.length === 0) this.#refuse(first, `${JSON.stringify(first.text)}, which is no assignment`);
      const result = value();
      for (const assign of targets) assign(result);
      return;
    }
  }

  /** What assigns to the target that these tokens are: a name, and the keys behind it. */
  #target(from: number, to: number): (value: PythonValue) => void {
    const name = this.tokens[from];
    if (name.kind !== "name" || CONSTANTS.has(name.text)) this.#refuse(name, "an assignment to what is no name");
    if (to === from + 1) {
      return (value) => {
        this.scope.set(name.text, value);
      };
    }
    const last = this.tokens[to - 1];
    const isAttribute = last.kind === "name" && this.tokens[to - 2].text === ".";
    const start = isAttribute ? to - 2 : this.#openingOf(from, to - 1);
    const container = new Statement(this.module, [...this.tokens.slice(from, start), this.#endAt(last)], this.scope);
    const key = isAttribute
      ? () => last.text
      : new Statement(
          this.module,
          [...this.tokens.slice(start + 1, to - 1), this.#endAt(last)],
          this.scope,
        ).#expression();
    const holder = container.#expression();
    return (value) => {
      const [dictionary, at] = [holder(), key()];
      if (dictionary instanceof Map) dictionary.set(this.#key(name, at), value);
      else if (
        Array.isArray(dictionary) &&
        typeof at === "number" &&
        Number.isInteger(at) &&
        at >= 0 &&
        at < dictionary.length
      ) {
        dictionary[at] = value;
      } else this.#refuse(name, "an assignment to a part of what has none");
    };
  }

  /** The bracket that the one at `to` closes. */
  #openingOf(from: number, to: number): number {
    let open = 0;
    for (let at = to; at > from; at--) {
      const { kind, text } = this.tokens[at];
      if (kind !== "sign") continue;
      if (")]}".includes(text)) open++;
      if ("([{".includes(text) && --open === 0 && text === "[") return at;
    }
    return this.#refuse(this.tokens[to], "an assignment to what is no name");
  }

  #endAt = ({ line, column }: Token): Token => ({ kind: "end", text: "the end of the line", line, column });

  #key(at: Token, key: PythonValue): string | number {
    return typeof key === "string" || typeof key === "number"
      ? key
      : this.#refuse(at, "a key that is neither text nor number");
  }

  /** An expression, or several with commas, which are a tuple. */
  #expressions(): Thunk {
    const first = this.#expression();
    if (!this.#is(",")) return first;
    const all = [first];
    while (this.#skip(",")) {
      if (this.#next.kind === "end" || this.#is("=")) break;
      all.push(this.#expression());
    }
    return () => all.map((each) => each());
  }

  /** "a if b else c", or less. */
  #expression(): Thunk {
    if (++this.#depth > DEEPEST) this.#refuse(this.#next, `values nested more than ${DEEPEST} levels deep`);
    const value = this.#binary(0);
    let result = value;
    if (this.#skip("if")) {
      const condition = this.#binary(0);
      this.#expect("else");
      const other = this.#expression();
      result = () => (isTrue(condition()) ? value() : other());
    }
    this.#depth--;
    return result;
  }

  #binary(level: number): Thunk {
    if (level === LEVELS.length) return this.#unary();
    let left = level === 2 && this.#skip("not") ? this.#negated() : this.#binary(level + 1);
    for (;;) {
      const sign = this.#next;
      const isNotIn = level === 2 && this.#is("not");
      if (!isNotIn && !LEVELS[level].some((each) => this.#is(each))) return left;
      this.#take();
      if (isNotIn) this.#expect("in");
      const isNot = isNotIn || (sign.text === "is" && this.#skip("not"));
      const [a, b] = [left, this.#binary(level + 1)];
      if (sign.text === "or" || sign.text === "and") {
        left = () => {
          const first = a();
          return isTrue(first) === (sign.text === "or") ? first : b();
        };
      } else {
        const operation = isNotIn ? "in" : sign.text;
        left = () => {
          const value = operate(operation, a(), b(), this.#refuser(sign));
          return isNot ? !value : value;
        };
      }
    }
  }

  #negated(): Thunk {
    const value = this.#binary(2);
    return () => !isTrue(value());
  }

  /** "-a ** b": the sign binds less than the power. */
  #unary(): Thunk {
    const sign = this.#next;
    if (this.#is("-") || this.#is("+")) {
      if (++this.#depth > DEEPEST) this.#refuse(sign, `more than ${DEEPEST} signs`);
      this.#take();
      const value = this.#unary();
      this.#depth--;
      return () => {
        const number = numberOf(value(), this.#refuser(sign));
        return sign.text === "-" ? -number : number;
      };
    }
    const base = this.#postfix();
    const power = this.#next;
    if (!this.#skip("**")) return base;
    const exponent = this.#unary();
    return () => operate("**", base(), exponent(), this.#refuser(power));
  }

  /** Attributes and elements of a value. */
  #postfix(): Thunk {
    let value = this.#atom();
    for (;;) {
      const at = this.#next;
      const holder = value;
      if (this.#skip(".")) {
        const name = this.#take();
        if (name.kind !== "name") this.#refuse(name, JSON.stringify(name.text));
        if (this.#is("(")) this.#refuse(name, `a call of ${JSON.stringify(name.text)}`);
        value = () => this.#element(name, holder(), name.text);
      } else if (this.#skip("[")) {
        const key = this.#expression();
        this.#expect("]");
        value = () => this.#element(at, holder(), key());
      } else return value;
    }
  }

  #element(at: Token, holder: PythonValue, key: PythonValue): PythonValue {
    if (holder instanceof Map) {
      const value = holder.get(this.#key(at, key));
      return value === undefined ? this.#refuse(at, `${JSON.stringify(key)}, which the dictionary has not`) : value;
    }
    if (Array.isArray(holder) && Number.isInteger(key)) {
      const value = holder.at(key as number);
      return value === undefined ? this.#refuse(at, `an element ${key} of a list of ${holder.length}`) : value;
    }
    return this.#refuse(at, "a part of what has none");
  }

  #atom(): Thunk {
    const token = this.#take();
    if (token.kind === "number") {
      const value = Number(token.text.replaceAll("_", ""));
      if (
        !Number.isFinite(value) ||
        (Number.isInteger(value) && !Number.isSafeInteger(value) && !/[.e]/i.test(token.text))
      ) {
        this.#refuse(token, `the number ${token.text.slice(0, 40)}, which is too large`);
      }
      return () => value;
    }
    if (token.kind === "text") {
      let text = token.text;
      while (this.#next.kind === "text") text += this.#take().text;
      return () => text;
    }
    if (token.kind === "name") return this.#name(token);
    if (token.text === "[") return this.#list("]");
    if (token.text === "{") return this.#dictionary();
    if (token.text === "(") {
      if (this.#skip(")")) return () => [];
      const first = this.#expression();
      if (this.#skip(")")) return first;
      if (!this.#is(",")) this.#unexpected();
      this.#take();
      const rest = this.#list(")");
      return () => [first(), ...(rest() as PythonValue[])];
    }
    this.#at = Math.max(0, this.#at - (token.kind === "end" ? 0 : 1));
    return this.#unexpected();
  }

  #list(close: string): Thunk {
    const items: Thunk[] = [];
    while (!this.#skip(close)) {
      items.push(this.#expression());
      if (!this.#is(close)) this.#expect(",");
    }
    return () => items.map((item) => item());
  }

  #dictionary(): Thunk {
    const pairs: [Token, Thunk, Thunk][] = [];
    while (!this.#skip("}")) {
      const at = this.#next;
      const key = this.#expression();
      this.#expect(":");
      pairs.push([at, key, this.#expression()]);
      if (!this.#is("}")) this.#expect(",");
    }
    return () => new Map(pairs.map(([at, key, value]) => [this.#key(at, key()), value()]));
  }

  /** A constant, a name assigned before, or a call. */
  #name(token: Token): Thunk {
    const { text } = token;
    if (CONSTANTS.has(text)) return () => CONSTANTS.get(text)!;
    if (RESERVED.has(text)) this.#refuse(token, JSON.stringify(text));
    let called = token;
    // "ml_collections.ConfigDict(…)": the modules before do not matter
    const isCall = (at: number): boolean =>
      this.tokens[at]?.text === "(" ||
      (this.tokens[at]?.text === "." && this.tokens[at + 1]?.kind === "name" && isCall(at + 2));
    if (!this.scope.has(text) && isCall(this.#at)) {
      while (this.#skip(".")) called = this.#take();
    }
    if (this.#skip("(")) return this.#call(called);
    return () => {
      const value = this.scope.get(text);
      return value === undefined
        ? this.#refuse(token, `the name ${JSON.stringify(text)}, which nothing was assigned to`)
        : value;
    };
  }

  #call(name: Token): Thunk {
    const given: Thunk[] = [];
    const keywords: [string, Thunk][] = [];
    while (!this.#skip(")")) {
      const [word, sign] = [this.#next, this.tokens[this.#at + 1]];
      if (word.kind === "name" && sign?.kind === "sign" && sign.text === "=") {
        this.#at += 2;
        keywords.push([word.text, this.#expression()]);
      } else given.push(this.#expression());
      if (!this.#is(")")) this.#expect(",");
    }
    const { functions } = this.module;
    if (functions.has(name.text) && given.length + keywords.length === 0)
      return () => this.module.call(name.text, name);
    if (name.text === "dict" || /ConfigDict$/.test(name.text)) {
      return () => {
        const [from = new Map()] = given.map((each) => each());
        if (!(from instanceof Map) || given.length > 1)
          return this.#refuse(name, `${name.text}() of what is no dictionary`);
        return new Map<string | number, PythonValue>([
          ...from,
          ...keywords.map(([key, value]) => [key, value()] as const),
        ]);
      };
    }
    const simple = FUNCTIONS.get(name.text);
    if (!simple || keywords.length > 0) return this.#refuse(name, `a call of ${JSON.stringify(name.text)}`);
    return () =>
      simple(given.map((each) => each())) ??
      this.#refuse(name, `a call of ${name.text} with other values than it takes`);
  }
}
