/** Writes docs/reference.md: `npm run promises`, and `npm run docs` with all else. */
import { writeFileSync } from 'node:fs';
import { referencePage } from './docs/reference.ts';

writeFileSync('docs/reference.md', await referencePage());
