import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, list, positive, text } from '../document/shapes.ts';

/** What `validate --json` prints. */
export const validationSchema = documentSchema({
  $id: 'shardwright.validation/1',
  title: "The launcher's rules that a launch file breaks",
  ...closed({
    schema: { const: 'shardwright.validation/1' },
    file: text,
    violations: list(closed({ rule: text, line: positive, actual: text, limit: text, fix: text })),
  }),
});

export type ValidationDocument = DocumentOf<typeof validationSchema>;
