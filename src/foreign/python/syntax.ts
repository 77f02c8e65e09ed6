/** A program in Python as far as its values can be told without running it. All else is `other`, with what stands in it. */

/** Where it starts in the file, from line 1. */
interface Placed {
  readonly line: number;
}

/** `text`: as it is written, on one line, without comments. */
export type Expression = Placed & { readonly text: string } & Form;

/** What an expression is, wherever it stands. */
export type Form =
  | Constant
  | Template
  | Name
  | Attribute
  | Call
  | List
  | Dictionary
  | Comprehension
  | Operation
  | OtherForm;

interface Constant {
  readonly kind: 'constant';
  readonly value: number | string | boolean | null;
}

/** An f-string: text, and expressions put into it. */
export interface Template {
  readonly kind: 'template';
  readonly parts: readonly (string | Expression)[];
}

interface Name {
  readonly kind: 'name';
  readonly name: string;
}

interface Attribute {
  readonly kind: 'attribute';
  readonly of: Expression;
  readonly name: string;
}

export interface Call {
  readonly kind: 'call';
  readonly of: Expression;
  readonly args: readonly Argument[];
}

export interface Argument {
  /** null: by its position. `*` and `**`: as many as there are in it. */
  readonly name: string | null;
  readonly value: Expression;
}

/** A list or a tuple. */
interface List {
  readonly kind: 'list';
  readonly items: readonly Expression[];
}

export interface Dictionary {
  readonly kind: 'dictionary';
  readonly entries: readonly (readonly [key: Expression, value: Expression])[];
}

/** `[value for name in over]`. */
export interface Comprehension {
  readonly kind: 'comprehension';
  readonly value: Expression;
  readonly name: string;
  readonly over: Expression;
}

/** Arithmetic; with one operand, a sign. */
interface Operation {
  readonly kind: 'operation';
  readonly operator: string;
  readonly operands: readonly Expression[];
}

interface OtherForm {
  readonly kind: 'other';
  readonly inside: readonly Expression[];
}

export type Statement = Assignment | Import | FunctionDefinition | Return | OtherStatement;

/** `a = b.c = value` has two targets; `a, b = 1, 2` one, a list. */
export interface Assignment extends Placed {
  readonly kind: 'assignment';
  readonly targets: readonly Expression[];
  readonly value: Expression;
}

interface Import extends Placed {
  readonly kind: 'import';
  readonly names: readonly Imported[];
}

/** `from module import name as as`; `import name` has no module. */
export interface Imported {
  readonly module: string | null;
  readonly name: string;
  readonly as: string;
}

export interface FunctionDefinition extends Placed {
  readonly kind: 'function';
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly decorators: readonly Expression[];
  readonly body: readonly Statement[];
}

export interface Parameter {
  readonly name: string;
  /** What it is where the caller gives none; null: it must. */
  readonly value: Expression | null;
}

interface Return extends Placed {
  readonly kind: 'return';
  readonly value: Expression | null;
}

/** A loop, a condition, a class, a change in place … */
export interface OtherStatement extends Placed {
  readonly kind: 'other';
  /** Names that it gives values which cannot be told. */
  readonly binds: readonly string[];
  /** Names of what it may change without giving the name another value. */
  readonly touches: readonly string[];
  readonly inside: readonly Expression[];
  readonly body: readonly Statement[];
  /** Its body runs once wherever the statement does: `with`, `try`, `if __name__ == "__main__"`. */
  readonly once: boolean;
}
