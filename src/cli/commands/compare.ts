import type { Problem } from '../../domain/problem.ts';
import { LAUNCHABLE } from '../../frameworks/index.ts';
import { outlookOf } from '../../reliability/outlook.ts';
import { type Compared, compareDocument, compareTable } from '../../reporters/compare.ts';
import { comparePage } from '../../reporters/report/compare-report.ts';
import { search } from '../../search/search.ts';
import { seatsOf } from '../../session/explain.ts';
import { type Register, styleOf, workloadOptions } from '../command.ts';
import { failureOptions, failuresFrom } from '../failures.ts';
import { foundOr, printJson } from '../io.ts';
import { pricesFrom, pricesOf, refuseUnused } from '../prices.ts';
import { given } from '../problem.ts';
import { writeReport } from '../report.ts';
import { settings } from '../settings.ts';
import { toolVersion } from '../version.ts';
import { mayWritePicture } from '../write-picture.ts';

export const compare: Register = (program, io, done) => {
  failureOptions(
    workloadOptions(
      program
        .command('compare')
        .description('the best plan of each cluster: tokens per second and dollars per million tokens'),
    ),
  )
    .argument('<model>', 'preset name, Hugging Face config.json, or YAML file')
    .argument('<clusters...>', 'bundled names or YAML files; ratios are to the first')
    .option('--price <PRICES>', 'US dollars per GPU-hour: h100=2.50,a100=1.10')
    .option(
      '--report <FILE>',
      'write a page with the clusters side by side in pictures: one HTML file that asks for nothing',
    )
    .action((model: string, clusters: string[], flags: Record<string, unknown>) => {
      const s = settings(flags, io);
      const failures = failuresFrom(flags);
      if (flags.report !== undefined) mayWritePicture(String(flags.report), '--report');
      const prices = pricesFrom(s.price);
      const used = new Set<string>();
      const all = clusters.map((cluster): Compared => {
        const { problem, launcher } = given(model, cluster, s);
        const result = search(problem, {
          top: 1,
          launcher: launcher ?? (s.launcher === undefined && s.models === undefined ? LAUNCHABLE : null),
        });
        const priced = pricesOf(problem.cluster, prices);
        for (const name of priced.used) used.add(name);
        const [best] = result.plans;
        const outlook =
          failures === null || best === undefined
            ? null
            : outlookOf(problem, best.plan, best.estimate, failures);
        return { problem, result, dollarsPerHour: dollarsPerHour(problem, priced.byGroup), outlook };
      });
      refuseUnused(
        prices,
        used,
        all.map(({ problem }) => problem.cluster),
      );
      if (flags.json === true) printJson(io, compareDocument(all, toolVersion()));
      else io.stdout(compareTable(all, styleOf(io)));
      if (flags.report !== undefined) {
        const seated = all.map((compared) => ({ compared, seats: bestSeats(compared) }));
        writeReport(String(flags.report), comparePage(seated, toolVersion()), io);
      }
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

function dollarsPerHour({ cluster }: Problem, prices: readonly (number | null)[]): number | null {
  let sum = 0;
  for (const [i, { nodes, gpusPerNode }] of cluster.groups.entries()) {
    const price = prices[i]!;
    if (price === null) return null;
    sum += price * nodes * gpusPerNode;
  }
  return sum;
}
