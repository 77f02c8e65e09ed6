import { InputError } from '../../domain/input-error.ts';
import type { Problem } from '../../domain/problem.ts';
import { type Compared, compareDocument, compareTable } from '../../reporters/compare.ts';
import { search } from '../../search/search.ts';
import { printJson, type Register, styleOf, workloadOptions } from '../command.ts';
import { EXIT } from '../io.ts';
import { given } from '../problem.ts';
import { settings } from '../settings.ts';
import { toolVersion } from '../version.ts';

export const compare: Register = (program, io, done) => {
  workloadOptions(
    program
      .command('compare')
      .description('the best plan of each cluster: tokens per second and dollars per million tokens'),
  )
    .argument('<model>', 'preset name, Hugging Face config.json, or YAML file')
    .argument('<clusters...>', 'bundled names or YAML files; ratios are to the first')
    .option('--price <PRICES>', 'US dollars per GPU-hour: h100=2.50,a100=1.10')
    .action((model: string, clusters: string[], flags: Record<string, unknown>) => {
      const s = settings(flags, io);
      const prices = pricesFrom(s.price);
      const used = new Set<string>();
      const all = clusters.map((cluster): Compared => {
        const { problem, launcher } = given(model, cluster, s);
        const result = search(problem, { top: 1, launcher });
        return { problem, result, dollarsPerHour: dollarsPerHour(problem, prices, used) };
      });
      const unused = [...prices.keys()].find((name) => !used.has(name));
      if (unused !== undefined)
        throw new InputError({
          message: `--price names "${unused}", which no cluster has`,
          expected: 'the beginning of a GPU id or a group id',
        });
      if (flags.json === true) printJson(io, compareDocument(all, toolVersion()));
      else io.stdout(compareTable(all, styleOf(io)));
      done(all.some(({ result }) => result.plans.length > 0) ? EXIT.ok : EXIT.infeasible);
    });
};

function pricesFrom(text: string | undefined): Map<string, number> {
  const prices = new Map<string, number>();
  for (const token of (text ?? '').split(',').filter((part) => part !== '')) {
    const match = /^([A-Za-z0-9._-]+)=(\d+(?:\.\d+)?)$/.exec(token.trim());
    if (match === null)
      throw new InputError({ message: `--price: "${token}"`, expected: 'GPU=DOLLARS, such as h100=2.50' });
    prices.set(match[1]!, Number(match[2]));
  }
  return prices;
}

/** A price holds for the group of that id, else for GPUs whose id begins with the name; the longest name wins. */
function dollarsPerHour(
  { cluster }: Problem,
  prices: ReadonlyMap<string, number>,
  used: Set<string>,
): number | null {
  let sum = 0;
  for (const group of cluster.groups) {
    const names = [...prices.keys()].filter(
      (name) => group.id === name || group.gpu.id === name || group.gpu.id.startsWith(`${name}-`),
    );
    const name = names.sort((a, b) => b.length - a.length)[0];
    if (name !== undefined) used.add(name);
    const price = name === undefined ? group.dollarsPerGpuHour : prices.get(name)!;
    if (price === null) return null;
    sum += price * group.nodes * group.gpusPerNode;
  }
  return sum;
}
