import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, count, text } from '../document/shapes.ts';

export const errorSchema = documentSchema({
  $id: 'shardwright.error/1',
  title: 'Any failure under --json',
  ...closed(
    { schema: { const: 'shardwright.error/1' }, exitCode: count, message: text },
    { expected: text, hint: text, at: closed({ file: text }, { line: count, column: count }) },
  ),
});

export type ErrorDocument = DocumentOf<typeof errorSchema>;
