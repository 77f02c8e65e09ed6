import { InputError } from '../../domain/input-error.ts';
import type { Located, Source } from '../port/reader.ts';
import { flagWords } from '../reading/flag-words.ts';

/** What stands between `accelerate launch` and the script: its own arguments, read as text since they start the program. */
export function launchArguments({ text, path }: Source): Located {
  const plain = text.replaceAll(/\\\r?\n/g, ' ');
  const [, words = ''] = /accelerate(?:\.commands\.launch|\s+launch)\s+(.*?)\S+\.py\b/s.exec(plain) ?? [];
  const own = words.split(/\s+/).filter((one) => one !== '');
  const open = own.find((one) => /\$/.test(one));
  if (
    open !== undefined &&
    own.some((one) => one.startsWith('--config')) &&
    own[own.indexOf(open) - 1]?.startsWith('--config') === true
  )
    throw new InputError({
      message: `accelerate's configuration is ${open}`,
      expected: 'its path itself',
      at: { file: path, line: 1 },
    });
  return flagWords(
    own.map((one) => ({ text: one.replaceAll(/^["']|["']$/g, ''), line: 1 })),
    path,
  );
}
