import { deviceCount } from '../domain/cluster.ts';
import type { Problem } from '../domain/problem.ts';
import { arithmetic } from '../plan-text/degrees.ts';
import { planText } from '../plan-text/text.ts';
import type { ReplanDocument } from '../schema/replan.ts';
import type { Repair, Replan, ReplanAsked } from '../session/replan.ts';
import { TECHNIQUES } from '../techniques/index.ts';
import { formatBytes, formatInteger, formatPercent, formatSeconds } from '../units/format.ts';
import { wrap } from '../units/wrap.ts';
import { commandLines } from './command-lines.ts';
import { span } from './outlook.ts';
import { grid, painter, type Style } from './paint.ts';
import { rankedJson } from './ranked-json.ts';
import { perSecond, rateWords, unitOf } from './unit.ts';

/** What each way of going on is called for people. */
const WORDS: Readonly<Record<Repair['id'], string>> = {
  spare: 'spare host, same plan',
  best: 'best plan on what is left',
  'same-shards': 'layers and copies move',
  reroute: 'micro-batches rerouted',
  'drop-copies': 'copies left out',
};

/** What is taken of any loss, in words. */
const ASSUMED = [
  'states that move come over the network, as fast as the cards of a host take them',
  'rerouted: bubbles take what fits into them (ReCycle, arXiv 2405.14009), and no launcher here does it',
  'copies left out: the batch is as much smaller until they are back (torchft)',
];

export function replanDocument(
  problem: Problem,
  found: Replan,
  asked: ReplanAsked,
  toolVersion: string,
): ReplanDocument {
  const { before, rest, rules } = found;
  return {
    schema: 'shardwright.replan/1',
    toolVersion,
    model: problem.model.name,
    cluster: problem.cluster.name,
    lost: [...asked.lost],
    lostRanks: found.lostRanks,
    gpus: deviceCount(problem.cluster),
    gpusLeft: deviceCount(rest.cluster),
    statesSurvive: found.survives,
    before: {
      configuration: planText(problem, before.plan),
      stepTimeSeconds: before.estimate.stepSeconds,
      ...perSecond(problem.model, before.estimate.tokensPerSecond),
    },
    repairSeconds: asked.repairSeconds,
    rules: rulesOf(rules),
    repairs: found.repairs.map(({ id, plan, stepSeconds, yield: kept, tokensPerSecond, ...one }) => ({
      strategy: id,
      plan: plan === null ? null : rankedJson(rest, plan),
      stepTimeSeconds: stepSeconds,
      ...one,
      ...perSecond(problem.model, tokensPerSecond),
      ...(problem.model.unit === undefined
        ? { yieldTokensPerSecond: kept }
        : { yieldSamplesPerSecond: kept }),
    })),
    refused: found.refused.map(({ id, reason }) => ({ strategy: id, reason })),
    assumptions: ASSUMED,
  };
}

function rulesOf({ counts, schedule, techniques }: Replan['rules']): Record<string, string | number> {
  const values = TECHNIQUES.flatMap(({ id, format }) =>
    techniques[id] === undefined ? [] : [[id, format(techniques[id])] as const],
  );
  return { ...counts, ...(schedule === undefined ? {} : { schedule }), ...Object.fromEntries(values) };
}

export function replanTable(problem: Problem, found: Replan, asked: ReplanAsked, style: Style): string {
  const { before, rest, repairs, refused } = found;
  const lost = [...asked.lost].join(', ');
  const head = painter(style).bold(
    wrap(
      `${problem.model.name} on ${problem.cluster.name} without ${lost}: ${deviceCount(rest.cluster)} of ${deviceCount(problem.cluster)} GPUs are left`,
      style.columns,
    ),
  );
  const lines = [
    `Before: ${arithmetic(before.plan)}, step ${formatSeconds(before.estimate.stepSeconds)}, ${rateWords(problem.model, before.estimate.tokensPerSecond)}.`,
    ...(found.lostRanks === 0
      ? ['The plan has no GPU there: it goes on as it is.']
      : [
          found.survives
            ? `${found.lostRanks} ranks are lost; every state is on a GPU that is left: no more than one step is.`
            : `${found.lostRanks} ranks are lost, and states with them: all that starts again goes back to the last checkpoint.`,
        ]),
  ];
  const rows = repairs.map((one) => [
    WORDS[one.id],
    one.plan === null ? '' : arithmetic(one.plan.plan),
    formatSeconds(one.stepSeconds),
    formatBytes(one.movedBytes),
    formatSeconds(one.movedSeconds),
    span(one.downSeconds),
    formatInteger(one.yield),
    formatPercent(one.yield / before.estimate.tokensPerSecond),
  ]);
  const columns = ['', 'plan', 'step', 'moves', 'in', 'down', `${unitOf(problem.model)}/s`, 'of before'];
  const wide = grid(columns, rows, [2, 3, 4, 5, 6, 7]);
  // What does not fit is the plan, which follows, and how long it moves, which stands in the time down.
  const fewer = <T>(row: readonly T[]) => row.filter((_, i) => i !== 1 && i !== 4);
  const narrow = grid(fewer(columns), rows.map(fewer), [1, 2, 3, 4, 5]);
  const table = wide.split('\n').every((line) => [...line].length <= style.columns) ? wide : narrow;
  const rules = Object.entries(rulesOf(found.rules)).map(([key, value]) => `${key}=${value}`);
  const plans = repairs.flatMap(({ id, plan }) =>
    plan === null
      ? []
      : [`${WORDS[id]}:\n${commandLines([`--config ${planText(rest, plan.plan)}`], style.columns)}`],
  );
  const notes = [
    ...(repairs.length === 0
      ? []
      : [
          `${problem.model.unit === undefined ? 'Tokens' : 'Samples'} a second until the hosts are back in ${span(asked.repairSeconds)}, the time down counted.`,
          `Layers and copies move: held are ${rules.join(', ')}.`,
        ]),
    ...refused.map(
      ({ id, reason }) =>
        `Not ${WORDS[id]}: ${reason.actual}; wants ${reason.limit}.${reason.hint === undefined ? '' : ` ${reason.hint}`}`,
    ),
    ...(repairs.length === 0 ? [] : ASSUMED.map((text) => `Assumed: ${text}.`)),
  ];
  const blocks = [
    head,
    lines.map((line) => wrap(line, style.columns)).join('\n'),
    ...(rows.length === 0 ? [] : [table]),
    ...(plans.length === 0 ? [] : [plans.join('\n')]),
    ...(notes.length === 0 ? [] : [notes.map((line) => wrap(line, style.columns)).join('\n')]),
  ];
  return `${blocks.join('\n\n')}\n`;
}
