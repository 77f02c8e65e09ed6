import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, list, positive, text } from '../document/shapes.ts';

const rule = closed({ rule: text, line: positive, actual: text, limit: text, fix: text });

/** What `validate --json` prints. */
export const validationSchema = documentSchema({
  $id: 'shardwright.validation/1',
  title: "The launcher's rules that a launch file breaks",
  ...closed({
    schema: { const: 'shardwright.validation/1' },
    file: text,
    violations: list(rule),
    warnings: list(rule),
  }),
});

export type ValidationDocument = DocumentOf<typeof validationSchema>;
