import type { SearchResult } from '../../domain/search-result.ts';
import { planDocument } from '../../reporters/plan-json.ts';
import { planTable } from '../../reporters/plan-table.ts';
import { searchSteps } from '../../search/search.ts';
import { useOfCluster } from '../cluster-choice.ts';
import { clusterOptions, printJson, type Register, styleOf, workloadOptions } from '../command.ts';
import { fixFrom, maxFrom } from '../dimensions.ts';
import { EXIT, type Io } from '../io.ts';
import { given, whole } from '../problem.ts';
import { settings } from '../settings.ts';
import { placed, whatIf } from '../what-if.ts';

const PROGRESS_EVERY_MS = 200;
const BREATHE_EVERY_MS = 50;

/** Runs the search to its end, giving the process a turn now and then: signals arrive between frames. */
async function drain(steps: ReturnType<typeof searchSteps>, io: Io): Promise<SearchResult> {
  let last = io.now();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (io.now() - last < BREATHE_EVERY_MS) continue;
    await io.breathe();
    last = io.now();
  }
}

export const plan: Register = (program, io, done) => {
  clusterOptions(
    workloadOptions(program.command('plan').description('rank the ways to split a model over a cluster')),
  )
    .argument('<model>', 'preset name, Hugging Face config.json, or YAML file')
    .argument('<cluster>', 'bundled name or YAML file')
    .option('--top <N>', 'plans to print (default 5)')
    .option('--fix <DIMS>', 'hold dimensions: tp=8,pp=4')
    .option('--max <DIMS>', 'bound dimensions: cp=2')
    .option('--time-limit <SECONDS>', 'stop the search and print the best so far with its gap')
    .option('--quiet', 'no progress')
    .action(async (model: string, cluster: string, flags: Record<string, unknown>) => {
      const s = settings(flags, io);
      const { problem, launcher, origin } = given(model, cluster, s);
      const limit =
        s['time-limit'] === undefined
          ? Number.POSITIVE_INFINITY
          : 1000 * whole('--time-limit', s['time-limit']);
      const started = io.now();
      let printed = started;
      const options = {
        top: whole('--top', s.top ?? '5', 1, 1000),
        fix: fixFrom(s.fix),
        max: maxFrom(s.max),
        launcher,
        ...useOfCluster(problem.cluster, s),
        interrupted: () =>
          io.interrupted() ? 'interrupt' : io.now() - started > limit ? 'time-limit' : null,
        ...(io.terminal && flags.quiet !== true
          ? {
              progress: (evaluated: number, left: number, best: number | null) => {
                if (io.now() - printed < PROGRESS_EVERY_MS) return;
                printed = io.now();
                io.stderr(
                  `\r${evaluated} costed, ${left} left, best ${best === null ? 'none yet' : `${best.toPrecision(4)} s`}   `,
                );
              },
            }
          : {}),
      };
      const found = await drain(searchSteps(problem, options), io);
      const { result, placement } = placed(problem, found);
      const { progress: _, ...quiet } = { progress: undefined, ...options };
      const beside = whatIf(problem, result, quiet, placement);
      if (printed !== started) io.stderr('\r\u001b[K');
      if (flags.json === true) printJson(io, planDocument(problem, result, beside, origin));
      else io.stdout(planTable(problem, result, beside, styleOf(io)));
      if (result.certificate.cutBy === 'interrupt') done(EXIT.interrupted);
      else done(result.plans.length > 0 ? EXIT.ok : EXIT.infeasible);
    });
};
