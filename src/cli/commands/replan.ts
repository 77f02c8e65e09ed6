import { dirname } from 'node:path';
import type { Cluster } from '../../domain/cluster.ts';
import { expandHosts } from '../../domain/hostlist.ts';
import { InputError } from '../../domain/input-error.ts';
import { LAUNCHABLE, LAUNCHERS } from '../../frameworks/index.ts';
import { whole } from '../../plan-text/whole.ts';
import { replanDocument, replanTable } from '../../reporters/replan.ts';
import { replan as replanned } from '../../session/replan.ts';
import { maybe, nearest } from '../../units/nearest.ts';
import { calibrationOf } from '../calibration.ts';
import { calibrationOption, type Register, styleOf } from '../command.ts';
import { emitPlan } from '../emit-plan.ts';
import { quantityOf } from '../failures.ts';
import { mayWrite } from '../folder.ts';
import { EXIT, printJson } from '../io.ts';
import { plannedAt, plannedProblem } from '../plan-source.ts';
import { launcherFrom } from '../problem.ts';
import { verifiedPlan } from '../verified-plan.ts';
import { toolVersion } from '../version.ts';

export const replan: Register = (program, io, done) => {
  calibrationOption(
    program
      .command('replan')
      .description(
        'hosts are lost: the best plan on what is left, what moves, what each way of going on yields',
      ),
  )
    .argument('<plan>', 'what plan --json printed, and which rank: PLAN.json or PLAN.json#2')
    .requiredOption('--lost <HOSTS>', 'hosts that are gone: gpu07,gpu[11-12]')
    .option(
      '--launcher <NAME>',
      `who runs the new plan: ${LAUNCHERS.map(({ id }) => id).join(', ')}, or any (default: what a framework runs)`,
    )
    .option('--spares <N>', 'hosts that stand by (default 0)')
    .option('--repair <TIME>', 'until the hosts are back (default 1d)')
    .option('--restart <TIME>', 'to notice the loss and start again (default 5min)')
    .option('--storage <RATE>', 'at which all ranks together load a checkpoint: 50GB/s')
    .option('--emit <DIR>', 'write the launch folder of the new plan that yields most')
    .option('--force', 'replace files in a folder that exists')
    .option('--json', 'print one JSON document')
    .action((argument: string, flags: Record<string, unknown>) => {
      const said = (key: string, usual: string) => String(flags[key] ?? usual);
      const { file, chosen, path } = plannedAt(argument);
      const problem = plannedProblem(file, dirname(path), calibrationOf(flags));
      const launcher = flags.launcher === undefined ? null : launcherFrom(String(flags.launcher));
      if (flags.emit !== undefined) mayWrite(String(flags.emit), flags.force === true);
      const asked = {
        lost: lostFrom(String(flags.lost), problem.cluster),
        launcher: flags.launcher === undefined ? LAUNCHABLE : launcher,
        spares: whole('--spares', said('spares', '0'), 0, 1e6),
        repairSeconds: quantityOf('--repair', said('repair', '1d'), 'duration'),
        restartSeconds: quantityOf('--restart', said('restart', '5min'), 'duration'),
        storage:
          flags.storage === undefined ? null : quantityOf('--storage', String(flags.storage), 'bandwidth'),
      };
      const { plan, notes } = verifiedPlan(file, chosen, problem);
      for (const note of notes) io.stderr(`note: ${note}\n`);
      const found = replanned(problem, plan, asked);
      if (flags.json === true) printJson(io, replanDocument(problem, found, asked, toolVersion()));
      else io.stdout(replanTable(problem, found, asked, styleOf(io)));
      const best = found.repairs.find(({ plan }) => plan !== null)?.plan;
      if (flags.emit !== undefined && best) {
        const to = launcher ?? LAUNCHERS.find((one) => one.reject(found.rest, best.plan) === null)!;
        const { model, cluster } = file.inputs;
        const context = {
          origin: `shardwright ${toolVersion()}, ${path} without ${[...asked.lost].join(', ')}`,
          inputs: { model: model.name, cluster: cluster.name },
        };
        const out = { out: String(flags.emit), force: flags.force === true, io, scheduling: undefined };
        emitPlan(to, found.rest, best.plan, context, out);
      }
      done(found.lostRanks === 0 || found.repairs.length > 0 ? EXIT.ok : EXIT.infeasible);
    });
};

/** Names of hosts of the cluster, each once. */
function lostFrom(text: string, { groups }: Cluster): ReadonlySet<string> {
  const known = [...new Set(groups.flatMap(({ hosts }) => hosts))];
  const lost = expandHosts([text]);
  const odd = lost.find((host) => !known.includes(host));
  if (odd === undefined) return new Set(lost);
  const near = nearest(odd, known);
  const hint = near === undefined ? maybe(known.slice(0, 3)) : `Maybe "${near}".`;
  throw new InputError({
    message: `--lost names "${odd}"`,
    expected: `hosts of the cluster, ${known[0]} to ${known.at(-1)}`,
    ...(hint === undefined ? {} : { hint }),
  });
}
