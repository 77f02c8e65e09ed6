import type { Command } from 'commander';
import { InputError } from '../../domain/input-error.ts';
import type { Problem } from '../../domain/problem.ts';
import type { Reason } from '../../domain/reason.ts';
import { estimate as costOf } from '../../evaluate/estimate.ts';
import { parseConfiguration } from '../../plan-text/configuration.ts';
import { type Configured, planOf } from '../../plan-text/plan-of.ts';
import { outlookOf } from '../../reliability/outlook.ts';
import { estimateTable } from '../../reporters/estimate-table.ts';
import { outlookJson, outlookText } from '../../reporters/outlook.ts';
import { estimateDocument } from '../../reporters/plan-json.ts';
import { type ReadInFile, wordsOf } from '../../reporters/read-in-file.ts';
import { askedOf, notesOn, planFrom } from '../../session/launch-file.ts';
import { type Register, styleOf, workloadOptions } from '../command.ts';
import { noteRenamed } from '../dimensions.ts';
import { failureOptions, failuresFrom } from '../failures.ts';
import {
  gpusOf,
  launchFileOptions,
  opened,
  outsideFrom,
  READABLE,
  refuseOutside,
  under,
  workloadOf,
} from '../from-file.ts';
import { EXIT, type Io, printJson } from '../io.ts';
import { given } from '../problem.ts';
import { type Settings, settings } from '../settings.ts';

export const estimate: Register = (program, io, done) => {
  configured(
    program.command('estimate').description('memory and time of one configuration, part by part'),
    io,
    done,
    false,
  );
};

export const explain: Register = (program, io, done) => {
  configured(
    program
      .command('explain')
      .description('the same for every stage: where each millisecond and gibibyte goes'),
    io,
    done,
    true,
  );
};

interface AskedFor {
  readonly notes: readonly string[];
  /** A launch file, and what was read in it; left out: there is none. */
  readonly read?: ReadInFile;
  /** What a launch file states: the flags of the command line win over it. */
  readonly workload: Settings;
  /** Rules of its launcher that a launch file breaks: it is taken to run all the same, and told so. */
  readonly broken: ReadonlySet<string>;
  planOn(problem: Problem): Configured | Reason;
}

/** The configuration of --config, or of --from with --config on top. */
async function askedFor(
  flags: Readonly<Record<string, unknown>>,
  outside: ReturnType<typeof outsideFrom>,
  gpus: () => number,
): Promise<AskedFor> {
  const over = flags.config === undefined ? '' : String(flags.config);
  if (flags.from === undefined) {
    refuseOutside(outside);
    if (over === '')
      throw new InputError({
        message: '--config is missing',
        expected: '--config tp=8,pp=4, or --from FILE',
      });
    return {
      notes: [],
      workload: {},
      broken: new Set(),
      planOn: (problem) => planOf(problem, parseConfiguration(over)),
    };
  }
  const file = await opened(
    String(flags.from),
    flags.for === undefined ? undefined : String(flags.for),
    outside,
  );
  const count = gpus();
  const asked = askedOf(file, count);
  return {
    notes: notesOn(file, asked, count),
    read: { file: file.path, words: wordsOf(asked) },
    workload: { launcher: file.launcher.id, ...workloadOf(asked) },
    broken: new Set(over === '' ? file.file.violations(count).map(({ rule }) => rule) : []),
    planOn: (problem) => planFrom(file, asked, over, problem),
  };
}

function configured(command: Command, io: Io, done: (code: number) => void, full: boolean): void {
  failureOptions(workloadOptions(command))
    .argument('<model>', 'preset name, Hugging Face config.json, or YAML file')
    .argument('<cluster>', 'bundled name or YAML file')
    .option(
      '--from <PATH>',
      'take the configuration from a launch file, or a folder that emit wrote; --config and other flags go on top',
    )
    .option('--for <LAUNCHER>', `whose launch file --from is: ${READABLE.join(', ')}`)
    .option(
      '--config <CONFIG>',
      'tp=8,pp=4,dp=2,cp=1,ep=1,vpp=1,micro-batch=1,recompute=selective,zero=1,layers=12/12/28/28',
    )
    .option('--check', 'exit 4 when it does not fit');
  launchFileOptions(command).action(
    async (model: string, cluster: string, words: readonly string[], flags: Record<string, unknown>) => {
      const outside = outsideFrom(flags, words, io);
      const failures = failuresFrom(flags);
      const asked = await askedFor(flags, outside, () => gpusOf(cluster, settings(flags, io)));
      const { problem, launcher, origin } = given(model, cluster, under(settings(flags, io), asked.workload));
      noteRenamed(io, { '--config': flags.config });
      const configuration = asked.planOn(problem);
      const reason =
        'rule' in configuration ? configuration : (launcher?.reject(problem, configuration.plan) ?? null);
      if (reason !== null && ('rule' in configuration || !asked.broken.has(reason.rule))) {
        throw new InputError({
          message: `${flags.from === undefined ? '--config' : String(flags.from)} cannot run: ${reason.rule}: ${reason.actual}`,
          expected: reason.limit,
          ...(reason.hint === undefined ? {} : { hint: reason.hint }),
        });
      }
      if ('rule' in configuration) return;
      const { plan, inferred } = configuration;
      const costed = costOf(problem, plan);
      const result = {
        ...costed,
        assumptions: [...asked.notes, ...costed.assumptions, ...(launcher?.restsOn?.(problem, plan) ?? [])],
      };
      const told = { inferred, ...(asked.read === undefined ? {} : { read: asked.read }) };
      const outlook = failures === null ? null : outlookOf(problem, plan, result, failures);
      if (flags.json === true) {
        const document = estimateDocument(problem, plan, result, told, origin);
        printJson(io, outlook === null ? document : { ...document, outlook: outlookJson(outlook) });
      } else {
        const style = styleOf(io);
        io.stdout(estimateTable(problem, plan, result, told, style, full));
        if (outlook !== null) io.stdout(outlookText(outlook, style));
      }
      done(flags.check === true && result.verdict === 'does-not-fit' ? EXIT.check : EXIT.ok);
    },
  );
}
