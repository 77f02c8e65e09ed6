/** Values that Python has a literal for. */
export type Literal = number | string | boolean | null | readonly Literal[];

/** A Python literal. JSON's escapes of strings are Python's too. */
export function pythonText(value: Literal): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'object') return `[${value.map(pythonText).join(', ')}]`;
  return JSON.stringify(value);
}
