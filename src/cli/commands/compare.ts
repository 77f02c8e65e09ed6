import { InputError } from '../../domain/input-error.ts';
import { devicesByGroup, type Plan } from '../../domain/plan.ts';
import { FRAMEWORKS, LAUNCHABLE } from '../../frameworks/index.ts';
import { whole } from '../../plan-text/whole.ts';
import { outlookOf } from '../../reliability/outlook.ts';
import { compareDocument, compareTable } from '../../reporters/compare.ts';
import { compareCsv } from '../../reporters/compare-csv.ts';
import type { Compared, GroupPrice } from '../../reporters/compared.ts';
import { comparePage } from '../../reporters/report/compare-report.ts';
import { OBJECTIVES, objectiveOf } from '../../search/space/objective.ts';
import { DEFAULT_OPTIONS } from '../../search/space/options.ts';
import { seatsOf } from '../../session/explain.ts';
import { groupWorths } from '../../session/group-worth.ts';
import { searched } from '../../session/searched.ts';
import { accepting } from '../../session/what-if.ts';
import { soonestFirst, withSoonest } from '../../session/with-soonest.ts';
import { askedBillFrom } from '../asked-bill.ts';
import { calibrationOption, type Register, styleOf, workloadOptions } from '../command.ts';
import { failureOptions, failuresFrom } from '../failures.ts';
import { EXIT, foundOr, printJson } from '../io.ts';
import { offeredFrom } from '../offered.ts';
import { allPrices } from '../prices.ts';
import { writeReport } from '../report.ts';
import { objectiveIdFrom } from '../search-flags.ts';
import { settings } from '../settings.ts';
import { toolVersion } from '../version.ts';
import { timeLimitFrom, watchOf } from '../watch.ts';
import { mayWritePicture } from '../write-picture.ts';

export const compare: Register = (program, io, done) => {
  failureOptions(
    calibrationOption(
      workloadOptions(
        program
          .command('compare')
          .description('the best plan of each cluster: tokens per second and dollars per million tokens'),
      ),
    ),
  )
    .argument('<model>', 'preset name, Hugging Face config.json, or YAML file')
    .argument('<clusters...>', 'bundled names or YAML files; ratios are to the first')
    .option(
      '--what-if <WHAT>',
      'a cluster for each value of a quantity: group=h100,nodes=4..32, or link=west+east,sharedBandwidth=5GB/s,10GB/s',
    )
    .option('--top <N>', 'plans of each cluster to print (default 1)')
    .option(
      '--objective <WHAT>',
      `${OBJECTIVES.join(', ')} (default time): what the plan of each cluster is the best by`,
    )
    .option('--price <PRICES>', 'US dollars per GPU-hour: h100=2.50,a100=1.10')
    .option(
      '--own <TERMS>',
      'GPUs that are bought: price=30k,years=4,kwh=0.10, or by name h100=30k,…; also pue=1.3, host=60% (of GPU power), used=90% (of all hours)',
    )
    .option(
      '--tokens <N>',
      'to train on: 15T, 300B; says days, dollars and dollars per billion tokens, and what to rent',
    )
    .option('--deadline <TIME>', 'beside --tokens: what the run may take: 30d')
    .option('--budget <DOLLARS>', 'beside --tokens: what the run may cost: 2M')
    .option(
      '--report <FILE>',
      'write a page with the clusters side by side in pictures: one HTML file that asks for nothing',
    )
    .option(
      '--time-limit <SECONDS>',
      'shared out over the clusters: print the best so far of those that are not searched to their end',
    )
    .option('--csv', 'print comma-separated values, a line for each cluster')
    .option('--quiet', 'no progress')
    .action(async (model: string, clusters: string[], flags: Record<string, unknown>) => {
      const s = settings(flags, io);
      const failures = failuresFrom(flags);
      if (flags.csv === true && flags.json === true)
        throw new InputError({ message: '--csv beside --json', expected: 'one of them' });
      if (flags.report !== undefined) mayWritePicture(String(flags.report), '--report');
      const bill = askedBillFrom(flags);
      const top = whole('--top', s.top ?? '1', 1, 100);
      if (flags.csv === true && flags.top !== undefined && top > 1)
        throw new InputError({
          message: `--top ${top} beside --csv`,
          expected: 'a line for each cluster',
          hint: 'Maybe --json, or plan, cluster by cluster.',
        });
      const by = objectiveIdFrom(s);
      const inputs = offeredFrom(model, clusters, s, { whatIf: said(flags.whatIf), own: said(flags.own) });
      const [{ problem: first }] = inputs as [(typeof inputs)[number], ...typeof inputs];
      if (bill !== null && first.model.unit !== undefined)
        throw new InputError({
          message: `--tokens of ${first.model.name}`,
          expected: `no bill in tokens: it is counted in ${first.model.unit}, and dollars for a million of them stand in the table`,
        });
      const watch = watchOf(io, { quiet: flags.quiet === true, seconds: timeLimitFrom(s) });
      const all: Compared[] = [];
      for (const [i, { problem, launcher, prices }] of inputs.entries()) {
        const part = 1 / inputs.length;
        const { cluster } = problem;
        const byGroup = prices.map(({ dollarsPerGpuHour }) => dollarsPerGpuHour);
        const dollars = by === 'tokens-per-dollar' ? allPrices(cluster, { byGroup }) : [];
        const options = {
          ...DEFAULT_OPTIONS,
          top,
          objective: objectiveOf(cluster, { id: by, prices: dollars }),
          launcher: launcher ?? (s.launcher === undefined && s.models === undefined ? LAUNCHABLE : null),
          interrupted: watch.interruptedFirstOf(inputs.length - i),
          progress: watch.progress,
        };
        watch.at({
          what: `${problem.cluster.name}, ${i + 1} of ${inputs.length}`,
          share: i * part,
          part,
        });
        const request = { problem, pause: watch.pause };
        const { result: found } = await searched(request, options);
        const result =
          by === 'tokens-per-dollar' ? soonestFirst(await withSoonest(request, options, found), top) : found;
        const [best] = result.plans;
        // A sweep says of each size what it brings, and by what a token costs no group is paid for that brings too little.
        const worths =
          flags.whatIf === undefined && by === 'time'
            ? await groupWorths(problem, best, options, watch.pause)
            : [];
        const outlook =
          failures === null || best === undefined
            ? null
            : outlookOf(problem, best.plan, best.estimate, failures);
        const launchers = best === undefined ? [] : accepting(FRAMEWORKS, problem, best);
        const pays = by === 'tokens-per-dollar' ? ('used' as const) : ('all' as const);
        const paid = pays === 'all' || best === undefined ? prices : inUse(prices, best.plan);
        all.push({
          ...{ problem, result, prices: paid, pays, dollarsPerHour: dollarsPerHour(paid) },
          ...{ launchers, worths, outlook },
        });
      }
      watch.end();
      const document = compareDocument(all, toolVersion(), bill);
      if (flags.json === true) printJson(io, document);
      else if (flags.csv === true) io.stdout(compareCsv(document));
      else io.stdout(compareTable(all, styleOf(io), bill));
      if (flags.report !== undefined) {
        const seated = all.map((compared) => ({ compared, seats: bestSeats(compared) }));
        writeReport(String(flags.report), comparePage(seated, toolVersion(), bill), io);
      }
      if (all.some(({ result }) => result.certificate.cutBy === 'interrupt')) return done(EXIT.interrupted);
      done(
        foundOr(
          all.some(({ result }) => result.plans.length > 0),
          all.every(({ result }) => result.excluded !== undefined),
        ),
      );
    });
};

function bestSeats({ problem, result }: Compared) {
  const [best] = result.plans;
  return best === undefined ? [] : seatsOf(problem, best.plan);
}

function said(flag: unknown): string | undefined {
  return flag === undefined ? undefined : String(flag);
}

/** Prices of the GPUs in use alone. */
function inUse(prices: readonly GroupPrice[], plan: Plan): GroupPrice[] {
  const used = devicesByGroup(plan);
  return prices.flatMap((price, group) => {
    const gpus = used.get(group);
    return gpus === undefined ? [] : [{ ...price, gpus }];
  });
}

function dollarsPerHour(prices: readonly GroupPrice[]): number | null {
  let sum = 0;
  for (const { gpus, dollarsPerGpuHour } of prices) {
    if (dollarsPerGpuHour === null) return null;
    sum += dollarsPerGpuHour * gpus;
  }
  return sum;
}
