import { createRequire } from 'node:module';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/document/compile.ts';
import { SCHEMAS } from '../../../src/schema/index.ts';
import { validatorOf } from '../../../tools/build/validators.ts';

/** What `require` gives of a module with this text. */
function loaded(text: string): ValidateFunction {
  const module = { exports: {} };
  new Function('module', 'exports', 'require', text)(module, module.exports, createRequire(import.meta.url));
  return module.exports as ValidateFunction;
}

describe('a validator that the build writes', () => {
  it.each(Object.entries(SCHEMAS))('%s says what the compiler would have said', (_, schema) => {
    const [written, compiled] = [loaded(validatorOf(schema)), compile(schema)];
    const keys = Object.keys((schema as { properties?: object }).properties ?? {});
    for (const value of [null, {}, { schema: schema.$id }, ...keys.map((key) => ({ [key]: -1, kez: key }))]) {
      expect(written(value)).toBe(compiled(value));
      expect(written.errors).toEqual(compiled.errors);
      expect(written.errors).not.toEqual([]);
    }
  });
});
