import { mkdirSync, writeFileSync } from 'node:fs';
import { published, SCHEMAS } from '../src/schema/index.ts';

mkdirSync('schemas', { recursive: true });
for (const [name, schema] of Object.entries(SCHEMAS))
  writeFileSync(`schemas/${name}.json`, published(schema));
