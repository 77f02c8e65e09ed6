import { readFileSync } from 'node:fs';
import { EXIT } from '../../src/cli/io.ts';
import { SETTING_KEYS } from '../../src/cli/settings.ts';
import { commandPages } from './command-line.ts';

/** What scripts and programs of others hold on to, but for the documents: docs/stability.md says what may change of it, and when. */
export async function promises(): Promise<string> {
  const commands = (await commandPages()).map(({ words, arguments: given, flags }) => {
    const line = ['shardwright', words, ...given.map(({ term }) => term)].join(' ');
    const options = flags.map(
      ({ term, usual }) => `  ${term}${usual === null ? '' : `   default: ${usual}`}`,
    );
    return [line, ...options].join('\n');
  });
  const { name, bin, exports, engines } = JSON.parse(readFileSync('package.json', 'utf8'));
  const library = readFileSync('src/index.ts', 'utf8').match(/^export .*$/gm) ?? [];
  return `${[
    '# Commands',
    ...commands,
    '# Exit codes',
    Object.entries(EXIT)
      .map(([meaning, code]) => `${code} ${meaning}`)
      .join('\n'),
    '# Keys of shardwright.yaml, and SHARDWRIGHT_* variables',
    SETTING_KEYS.join('\n'),
    '# Package',
    JSON.stringify({ name, bin, exports, engines }, null, 2),
    '# Library',
    library.map((line) => line.replace(/ from '.*$/, '')).join('\n'),
  ].join('\n\n')}\n`;
}
