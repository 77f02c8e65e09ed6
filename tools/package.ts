/** Before and after `npm pack`: `tsx tools/package.ts packed|own` writes package.json as the tarball has it, or as a clone does. */
import { readFileSync, writeFileSync } from 'node:fs';
import { own, packed } from './package/manifest.ts';

const as = process.argv[2] === 'packed' ? packed : own;
writeFileSync('package.json', as(readFileSync('package.json', 'utf8')));
