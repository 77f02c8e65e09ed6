import { existsSync, readFileSync } from 'node:fs';
import { dataFolder } from '../catalogue/data-folder.ts';
import { htmlPage, type Page } from '../reporters/report/html.ts';
import type { Io } from './io.ts';
import { writePicture } from './write-picture.ts';

/** Passes of all stages that a report has: more would not stay below its two megabytes. */
export const IN_A_REPORT = 10_000;

/** Writes a page with the script that draws it, which nothing else reads. */
export function writeReport(path: string, page: Page, io: Io): void {
  const script = dataFolder('dist', 'page', 'report.js');
  if (!existsSync(script)) throw new Error(`${script} is missing: npm run build makes it`);
  writePicture(path, htmlPage(page, readFileSync(script, 'utf8')), '--report', io);
}
