import { InputError } from '../../domain/input-error.ts';
import { whole } from '../../plan-text/whole.ts';
import { compareDocument, compareTable } from '../../reporters/compare.ts';
import { compareCsv } from '../../reporters/compare-csv.ts';
import type { Compared } from '../../reporters/compared.ts';
import type { AskedBill } from '../../reporters/purchase.ts';
import { comparePage } from '../../reporters/report/compare-report.ts';
import { OBJECTIVES } from '../../search/space/objective.ts';
import { seatsOf } from '../../session/explain.ts';
import { askedBillFrom } from '../asked-bill.ts';
import { calibrationOption, type Register, styleOf, workloadOptions } from '../command.ts';
import { compareClusters } from '../compare-clusters.ts';
import { failureOptions, failuresFrom } from '../failures.ts';
import { EXIT, foundOr, type Io, printJson } from '../io.ts';
import { type Offered, offeredFrom } from '../offered.ts';
import { rankFrom, rankOption } from '../rank.ts';
import { writeReport } from '../report.ts';
import { objectiveIdFrom } from '../search-flags.ts';
import { settings } from '../settings.ts';
import { toolVersion } from '../version.ts';
import { timeLimitFrom, watchOf } from '../watch.ts';
import { mayWritePicture } from '../write-picture.ts';

export const compare: Register = (program, io, done) => {
  const command = program
    .command('compare')
    .description('the best plan of each cluster: tokens per second and dollars per million tokens');
  rankOption(failureOptions(calibrationOption(workloadOptions(command))))
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
    .option('--csv', 'print comma-separated values, a line for each plan')
    .option('--quiet', 'no progress')
    .action(async (model: string, clusters: string[], flags: Record<string, unknown>) => {
      const s = settings(flags, io);
      const failures = failuresFrom(flags);
      refuseTwoForms(flags);
      if (flags.report !== undefined) mayWritePicture(String(flags.report), '--report');
      const bill = askedBillFrom(flags);
      const top = whole('--top', s.top ?? '1', 1, 100);
      const [by, rank] = [objectiveIdFrom(s), rankFrom(s)];
      const offers = offeredFrom(model, clusters, s, { whatIf: said(flags.whatIf), own: said(flags.own) });
      if (bill !== null) refuseBill(offers[0]!);
      const watch = watchOf(io, { quiet: flags.quiet === true, seconds: timeLimitFrom(s) });
      const asked = {
        ...{ top, by, rank, failures },
        launchable: s.launcher === undefined && s.models === undefined,
        // A sweep says of each size what it brings, and by what a token costs no group is paid for that brings too little.
        worths: flags.whatIf === undefined && by === 'time',
      };
      const all = await compareClusters(offers, asked, watch);
      watch.end();
      print(all, bill, flags, io);
      if (all.some(({ result }) => result.certificate.cutBy === 'interrupt')) return done(EXIT.interrupted);
      done(
        foundOr(
          all.some(({ result }) => result.plans.length > 0),
          all.every(({ result }) => result.excluded !== undefined),
        ),
      );
    });
};

/** As the flags ask for it, and as a page where they name one. */
function print(
  all: readonly Compared[],
  bill: AskedBill | null,
  flags: Readonly<Record<string, unknown>>,
  io: Io,
): void {
  const document = compareDocument(all, toolVersion(), bill);
  if (flags.json === true) printJson(io, document);
  else if (flags.csv === true) io.stdout(compareCsv(document));
  else io.stdout(compareTable(all, styleOf(io), bill));
  if (flags.report === undefined) return;
  const seated = all.map((compared) => ({ compared, seats: bestSeats(compared) }));
  writeReport(String(flags.report), comparePage(seated, toolVersion(), bill), io);
}

function refuseTwoForms({ csv, json }: Readonly<Record<string, unknown>>): void {
  if (csv === true && json === true)
    throw new InputError({ message: '--csv beside --json', expected: 'one of them' });
}

/** Of what is not counted in tokens. */
function refuseBill({ problem: { model } }: Offered): void {
  if (model.unit === undefined) return;
  throw new InputError({
    message: `--tokens of ${model.name}`,
    expected: `no bill in tokens: it is counted in ${model.unit}, and dollars for a million of them stand in the table`,
  });
}

function bestSeats({ problem, result }: Compared) {
  const [best] = result.plans;
  return best === undefined ? [] : seatsOf(problem, best.plan);
}

function said(flag: unknown): string | undefined {
  return flag === undefined ? undefined : String(flag);
}
