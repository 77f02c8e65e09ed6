import type { ClusterChange } from '../../catalogue/cluster-change.ts';
import { readPlanFile } from '../../catalogue/plan-file.ts';
import { loadStack } from '../../catalogue/stacks.ts';
import { json } from '../../frameworks/describers/json.ts';
import { FRAMEWORKS, LAUNCHABLE } from '../../frameworks/index.ts';
import { whole } from '../../plan-text/whole.ts';
import { outlookOf } from '../../reliability/outlook.ts';
import { startJson, startWords } from '../../reporters/from-file.ts';
import { longRunWords, outlookJson, outlookText } from '../../reporters/outlook.ts';
import { planDocument } from '../../reporters/plan-json.ts';
import { planTable } from '../../reporters/plan-table.ts';
import { planPage } from '../../reporters/report/plan-report.ts';
import { whyNotJson, whyNotWords } from '../../reporters/why-not.ts';
import { DEFAULT_OPTIONS, type SearchOptions } from '../../search/space/options.ts';
import { whyNot } from '../../search/why-not.ts';
import { drawn } from '../../session/explain.ts';
import { askedOf } from '../../session/launch-file.ts';
import { ownStacks } from '../../session/own-stacks.ts';
import { type PlanOutcome, planRun } from '../../session/plan-run.ts';
import { resting } from '../../session/resting.ts';
import { startOf } from '../../session/start.ts';
import type { Rank } from '../../session/steady-first.ts';
import { cacheAt } from '../cache.ts';
import { calibrationOption, clusterOptions, type Register, styleOf, workloadOptions } from '../command.ts';
import { fixFrom, noteRenamed } from '../dimensions.ts';
import { emitPlan } from '../emit-plan.ts';
import { explainLines } from '../explain-line.ts';
import { failureOptions, failuresFrom } from '../failures.ts';
import { mayWrite } from '../folder.ts';
import {
  gpusOf,
  launcherSetting,
  launchFileOptions,
  opened,
  outsideFrom,
  READABLE,
  refuseForAlone,
  refuseOutside,
  under,
  workloadOf,
} from '../from-file.ts';
import { EXIT, foundOr, type Io, printJson } from '../io.ts';
import { refuseOutsideSweeps, refuseWithoutFolder } from '../plan-refusals.ts';
import { type Given, given } from '../problem.ts';
import { rankFrom, rankOption } from '../rank.ts';
import { IN_A_REPORT, writeReport } from '../report.ts';
import { scheduledCluster, scheduling, schedulingOptions } from '../scheduling.ts';
import { searchFlags, searchOptions } from '../search-flags.ts';
import { type Settings, settings } from '../settings.ts';
import { sweep } from '../sweep.ts';
import { buildDigest } from '../version.ts';
import { timeLimitFrom, watchOf } from '../watch.ts';
import { mayWritePicture } from '../write-picture.ts';

export const plan: Register = (program, io, done) => {
  const command = program.command('plan').description('rank the ways to split a model over a cluster');
  const searched = searchFlags(clusterOptions(calibrationOption(workloadOptions(command))));
  rankOption(schedulingOptions(failureOptions(searched)))
    .argument('<model>', 'preset name, Hugging Face config.json, or YAML file')
    .argument('<cluster>', 'bundled name or YAML file')
    .option('--why-not <DIMS>', 'why the best plan has not tp=4,pp=8')
    .option(
      '--gpus <FROM..TO>',
      'the best plan with at most so many GPUs, by whole nodes, and where scaling stops paying',
    )
    .option(
      '--what-if <WHAT>',
      'the best plan for each value of a quantity: group=h100,nodes=4..32, or link=west+east,latency=1ms,20ms',
    )
    .option('--pareto', 'step time against peak memory and against GPU count')
    .option('--warm-start <FILE>', 'what an earlier plan --json printed: less work, the same plans')
    .option(
      '--from <PATH>',
      'a launch file, or a folder that emit wrote: its workload, and what the best plan changes in it',
    )
    .option('--for <LAUNCHER>', `whose launch file --from is: ${READABLE.join(', ')}`)
    .option(
      '--emit <DIR>',
      "write the best plan's launch folder, for --launcher or the first framework that runs it",
    )
    .option('--force', 'replace files in a folder that exists')
    .option(
      '--report <FILE>',
      'write a page with the ranking and the best plan in pictures: one HTML file that asks for nothing',
    )
    .option('--verbose', 'also what solvers and bounds did')
    .option('--no-cache', 'search anew')
    .option('--quiet', 'no progress');
  launchFileOptions(command).action(
    async (model: string, cluster: string, words: readonly string[], flags: Record<string, unknown>) => {
      const outside = outsideFrom(flags, words, io);
      refuseForAlone(flags);
      if (flags.from === undefined) refuseOutside(outside);
      const start =
        flags.from === undefined ? null : await opened(String(flags.from), said(flags.for), outside);
      const stated =
        start === null
          ? {}
          : {
              ...launcherSetting(start),
              ...workloadOf(askedOf(start, gpusOf(cluster, settings(flags, io)))),
            };
      const s = under(settings(flags, io), stated);
      const input = given(model, cluster, s);
      noteRenamed(io, { '--fix': s.fix, '--max': s.max, '--why-not': flags.whyNot });
      const { problem, launcher, origin } = input;
      const rank = rankFrom(s);
      const options = optionsOf(input, s, flags);
      refuseWithoutFolder(flags);
      const failures = failuresFrom(flags);
      scheduledCluster(problem, flags);
      if (flags.report !== undefined) mayWritePicture(String(flags.report), '--report');
      if (flags.emit !== undefined) mayWrite(String(flags.emit), flags.force === true);
      if (flags.gpus !== undefined || flags.pareto === true || flags.whatIf !== undefined) {
        refuseOutsideSweeps(flags);
        const changed = (change: ClusterChange) => {
          const one = given(model, cluster, s, change);
          return { problem: one.problem, options: optionsOf(one, s, flags) };
        };
        done(await sweep(input, options, changed, s, flags, io));
        return;
      }
      const outcome = await found(input, { ...options, rank }, s, flags, io);
      const { result: searched } = outcome;
      const result = resting(problem, searched, launcher);
      const asked = flags.whyNot === undefined ? null : String(flags.whyNot);
      const why = asked === null ? null : whyNot(problem, asked, fixFrom(asked, '--why-not'), options);
      const [best] = result.plans;
      const stacks = ownStacks(problem, best, outcome.beside.launchers, loadStack);
      const beside = { ...outcome.beside, ownStacks: stacks };
      const from = start === null ? null : startOf(start, problem, launcher, best);
      const outlooks =
        failures === null
          ? []
          : result.plans.map(({ plan, estimate }) => outlookOf(problem, plan, estimate, failures));
      if (flags.json === true) {
        const document = planDocument(problem, result, beside, origin);
        const plans = document.plans.map((one, i) =>
          outlooks[i] === undefined ? one : { ...one, outlook: outlookJson(problem.model, outlooks[i]) },
        );
        printJson(io, {
          ...document,
          plans,
          ...(why === null ? {} : { whyNot: whyNotJson(problem, why) }),
          ...(from === null ? {} : { from: startJson(problem, from) }),
        });
      } else {
        const style = { ...styleOf(io), verbose: flags.verbose === true };
        io.stdout(planTable(problem, result, beside, style));
        const line = explainLines({ model, cluster }, s, problem, result.plans, style);
        if (line !== null) io.stdout(`\n${line}\n`);
        if (outlooks.length > 0)
          io.stdout(outlookText(problem.model, outlooks[0]!, style, longRunWords(problem.model, outlooks)));
        if (why !== null) io.stdout(`\n${whyNotWords(problem, why, best, styleOf(io))}\n`);
        if (from !== null) io.stdout(`\n${startWords(problem, from, best, styleOf(io))}\n`);
      }
      if (flags.report !== undefined) {
        const why = best === undefined ? null : drawn(problem, best.plan, IN_A_REPORT);
        writeReport(String(flags.report), planPage(problem, result, beside, why, origin), io);
      }
      if (flags.emit !== undefined && best !== undefined) {
        const to = launcher ?? FRAMEWORKS.find((one) => one.reject(problem, best.plan) === null) ?? json;
        const context = {
          origin: `shardwright ${origin.toolVersion}, ${model} on ${cluster}`,
          inputs: { model, cluster },
        };
        emitPlan(to, scheduledCluster(problem, flags), best.plan, context, {
          out: String(flags.emit),
          force: flags.force === true,
          io,
          scheduling: scheduling(flags),
        });
      }
      if (result.certificate.cutBy === 'interrupt') done(EXIT.interrupted);
      else done(foundOr(result.plans.length > 0, result.excluded !== undefined));
    },
  );
};

function optionsOf(
  { problem, launcher }: Given,
  s: Settings,
  flags: Readonly<Record<string, unknown>>,
): SearchOptions {
  const any = s.launcher === undefined && s.models === undefined ? LAUNCHABLE : null;
  return { ...DEFAULT_OPTIONS, ...searchOptions(problem, s, flags, launcher ?? any) };
}

function said(flag: unknown): string | undefined {
  return flag === undefined ? undefined : String(flag);
}

/** The search as the user watches it: from the cache where the same was asked of the same program. */
async function found(
  { problem, origin }: Given,
  { rank, ...options }: SearchOptions & { readonly rank: Rank },
  s: Settings,
  flags: Readonly<Record<string, unknown>>,
  io: Io,
): Promise<PlanOutcome> {
  const build = flags.cache === false ? null : buildDigest();
  const warm = s['warm-start'];
  const watch = watchOf(io, { quiet: flags.quiet === true, seconds: timeLimitFrom(s) });
  const outcome = await planRun({
    problem,
    rank,
    options: { ...options, interrupted: watch.interrupted, progress: watch.progress },
    ...(s.threads === undefined ? {} : { threads: whole('--threads', s.threads, 1, 64) }),
    ...(warm === undefined ? {} : { warmStart: readPlanFile(warm) }),
    ...(build === null
      ? {}
      : { cache: cacheAt<PlanOutcome>(io, { build, origin, problem, s, exhaustive: options.exhaustive }) }),
    pause: watch.pause,
  });
  watch.end();
  return outcome;
}
