/**
 * Builds `dist/` beside the types that tsc wrote there: the program, its search worker and the library as a few files each
 * instead of hundreds, and a validator for every schema, so that a command neither reads nor compiles what it can find ready.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { build, type Plugin } from 'esbuild';
import { SCHEMAS } from '../src/schema/index.ts';
import { validatorOf } from './build/validators.ts';

const VALIDATORS = 'dist/validators';

/** A module a schema, loaded when first asked for. */
function writeValidators(): void {
  mkdirSync(VALIDATORS, { recursive: true });
  for (const [name, schema] of Object.entries(SCHEMAS))
    writeFileSync(`${VALIDATORS}/${name}.cjs`, validatorOf(schema));
}

/** In the place of the module that compiles schemas: one that loads what was written. What is bundled stands in `dist/bundle`. */
const compiled: Plugin = {
  name: 'validators-compiled',
  setup({ onLoad }) {
    onLoad({ filter: /src[/\\]document[/\\]compile\.ts$/ }, () => ({
      loader: 'js',
      contents: `
        import { createRequire } from 'node:module';
        const load = createRequire(import.meta.url);
        const names = ${JSON.stringify(Object.fromEntries(Object.entries(SCHEMAS).map(([name, { $id }]) => [$id, name])))};
        export const compile = ({ $id }) => load('../validators/' + names[$id] + '.cjs');
      `,
    }));
  },
};

writeValidators();
await build({
  entryPoints: ['src/cli/bin.ts', 'src/session/search-worker.ts', 'src/index.ts'],
  outdir: 'dist/bundle',
  entryNames: '[name]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  plugins: [compiled],
  logLevel: 'warning',
});
await import('./build/page.ts');
