import { InputError } from '../../domain/input-error.ts';
import type { Violation } from '../../frameworks/port/reader.ts';
import { rankRows } from '../../launch-folder/rank-map.ts';
import { whole } from '../../plan-text/whole.ts';
import type { Register } from '../command.ts';
import { launchFileOptions, opened, outsideFrom, READABLE } from '../from-file.ts';
import { EXIT, fitted, printJson } from '../io.ts';

export const validate: Register = (program, io, done) => {
  const command = program
    .command('validate')
    .description("check an existing launch file against its launcher's rules")
    .argument('<file>', 'launch file, or a folder that emit wrote')
    .requiredOption('--for <LAUNCHER>', READABLE.join(', '))
    .option(
      '--gpus <N>',
      'GPUs of the job (default: those of the folder, of its script, or of the degrees in the file)',
    )
    .option('--json', 'print one JSON document');
  launchFileOptions(command).action(
    async (given: string, words: readonly string[], flags: Record<string, unknown>) => {
      const { path, reader, file, rankMap } = await opened(
        given,
        String(flags.for),
        outsideFrom(flags, words, io),
      );
      const stated = rankMap === null ? null : rankRows(rankMap.text, rankMap.file).length;
      const gpus =
        flags.gpus === undefined ? (stated ?? file.gpus ?? null) : whole('--gpus', String(flags.gpus));
      if (stated !== null && gpus !== stated)
        throw new InputError({
          message: `--gpus ${gpus}`,
          expected: `the ${stated} ranks of ${rankMap!.file}`,
        });
      const found = file.violations(gpus);
      const broken = found.filter(({ warning }) => warning !== true).map(plain);
      const warnings = found.filter(({ warning }) => warning === true).map(plain);
      if (flags.json === true)
        printJson(io, { schema: 'shardwright.validation/1', file: path, violations: broken, warnings });
      else {
        const lines = [
          ...broken.map((one) => said(path, one, '')),
          ...warnings.map((one) => said(path, one, 'warning: ')),
        ];
        const all = reader.rules.length === 1 ? 'its rule' : `all ${reader.rules.length} rules`;
        const end =
          broken.length === 0
            ? `${path} keeps ${all}${gpus === null ? ', but for those that ask for --gpus' : ` on ${gpus} GPUs`}.`
            : `${broken.length === 1 ? '1 place breaks' : `${broken.length} places break`} a rule.`;
        io.stdout(`${[...lines, end].map((text) => fitted(text, io.outputColumns)).join('\n')}\n`);
      }
      done(broken.length === 0 ? EXIT.ok : EXIT.check);
    },
  );
};

const plain = ({ warning: _, ...one }: Violation) => one;

function said(path: string, { rule, line, actual, limit, fix }: Violation, kind: string): string {
  return `${path}:${line}: ${kind}${rule}: ${actual}\n  expected: ${limit}\n  ${fix}`;
}
