import type { FromSchema, JSONSchema } from 'json-schema-to-ts';

/** The JSON Schema of one document, and with it the type of what conforms to it. */
export interface DocumentSchema<T = unknown> {
  readonly $id: string;
  readonly [keyword: string]: unknown;
  /** Never there at run time: it carries the type. */
  readonly '~document'?: T;
}

/** What conforms to a schema: `DocumentOf<typeof clusterSchema>`. */
export type DocumentOf<S> = S extends DocumentSchema<infer T> ? T : never;

/** The one const of a document. Its parts must be literals (shapes.ts), or there is nothing to read a type from. */
export function documentSchema<const S extends { readonly $id: string }>(
  schema: S,
): DocumentSchema<Conforming<S>> {
  return schema;
}

type Conforming<S> = S extends JSONSchema ? Frozen<FromSchema<S, Reading>> : never;

interface Reading {
  parseIfThenElseKeywords: true;
  deserialize: [{ pattern: Pair; output: [string, string] }];
}

/** The library reads no tuple from bounds. */
interface Pair {
  type: 'array';
  items: { type: 'string' };
  minItems: 2;
  maxItems: 2;
}

type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;
