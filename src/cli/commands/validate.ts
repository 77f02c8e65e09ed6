import { MEGATRON_FILE_RULES, violationsOf } from '../../launch-files/megatron-rules.ts';
import { printJson, type Register } from '../command.ts';
import { launchFile } from '../from-file.ts';
import { EXIT } from '../io.ts';
import { whole } from '../problem.ts';

export const validate: Register = (program, io, done) => {
  program
    .command('validate')
    .description("check an existing launch file against its launcher's rules")
    .argument('<file>', 'argument file or shell script')
    .requiredOption('--for <LAUNCHER>', 'megatron')
    .option('--gpus <N>', 'GPUs of the job: without it, rules about their number are left out')
    .option('--json', 'print one JSON document')
    .action((file: string, flags: Record<string, unknown>) => {
      const gpus = flags.gpus === undefined ? null : whole('--gpus', String(flags.gpus));
      const broken = violationsOf(launchFile(file, String(flags.for)), gpus);
      if (flags.json === true)
        printJson(io, { schema: 'shardwright.validation/1', file, violations: broken });
      else {
        const lines = broken.map(
          ({ rule, line, actual, limit, fix }) =>
            `${file}:${line}: ${rule}: ${actual}\n  expected: ${limit}\n  ${fix}`,
        );
        const end =
          broken.length === 0
            ? `${file} keeps all ${MEGATRON_FILE_RULES.length} rules${gpus === null ? ' that do not ask for --gpus' : ''}.`
            : `${broken.length} of ${MEGATRON_FILE_RULES.length} rules broken.`;
        io.stdout(`${[...lines, end].join('\n')}\n`);
      }
      done(broken.length === 0 ? EXIT.ok : EXIT.check);
    });
};
