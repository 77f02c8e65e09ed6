import { Ajv2020 } from 'ajv/dist/2020.js';
import standaloneCode from 'ajv/dist/standalone/index.js';
import { READING } from '../../src/document/compile.ts';
import type { DocumentSchema } from '../../src/document/document-schema.ts';
import { withReferences } from '../../src/document/shared.ts';

/** A CommonJS module whose export tells whether a value conforms: such a module can be loaded in the middle of a function. */
export function validatorOf(schema: DocumentSchema): string {
  const ajv = new Ajv2020({ ...READING, code: { source: true } });
  return standaloneCode.default(ajv, ajv.compile(withReferences(schema)));
}
