import { Ajv2020, type Options, type ValidateFunction } from 'ajv/dist/2020.js';
import type { DocumentSchema } from './document-schema.ts';
import { withReferences } from './shared.ts';

/** How every schema is read. */
export const READING: Options = {
  allErrors: true,
  strict: true,
  strictRequired: false,
  allowUnionTypes: true,
  verbose: true,
  discriminator: true,
  inlineRefs: false,
  // A test holds our own schemas to the meta-schema.
  validateSchema: false,
  meta: false,
};

const ajv = new Ajv2020(READING);

/** What tells whether a value conforms to a schema. The built program has this ready for each (`tools/build.ts`) and loads no compiler. */
export function compile(schema: DocumentSchema): ValidateFunction {
  return ajv.compile(withReferences(schema));
}
