/** Where in a file a value stands; line and column count from 1. */
export interface Location {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

export interface InputProblem {
  /** What is wrong, naming the value. */
  readonly message: string;
  readonly expected?: string;
  /** Starts with "Maybe". */
  readonly hint?: string;
  readonly at?: Location;
}

/** "You gave me something wrong": the CLI prints it without a stack and exits 2. */
export class InputError extends Error {
  readonly problem: InputProblem;

  constructor(problem: InputProblem) {
    super(formatProblem(problem));
    this.name = 'InputError';
    this.problem = problem;
  }
}

export function formatProblem({ message, expected, hint, at }: InputProblem): string {
  const where =
    at === undefined ? '' : `${[at.file, at.line, at.column].filter((x) => x !== undefined).join(':')}: `;
  const lines = [`${where}${message}`];
  if (expected !== undefined) lines.push(`  expected: ${expected}`);
  if (hint !== undefined) lines.push(`  ${hint}`);
  return lines.join('\n');
}
