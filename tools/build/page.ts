/** The script of a report, with the parts of the chart library that it draws with: read when a report is written, by nothing else. */
import { build } from 'esbuild';

await build({
  entryPoints: { report: 'src/page/main.ts' },
  outdir: 'dist/page',
  bundle: true,
  minify: true,
  format: 'iife',
  platform: 'browser',
  target: 'es2022',
  define: { 'process.env.NODE_ENV': '"production"' },
  legalComments: 'inline',
  logLevel: 'warning',
});
