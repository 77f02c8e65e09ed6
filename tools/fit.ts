/**
 * `npm run fit -- [--rounds N] [--leave-out]`: fits the constants marked `fitted` in src/hardware/coefficients.ts (and the
 * few of stacks and GPUs listed below) on the published runs, by pattern search on the macro-averaged |log error|.
 * Prints the values; with --leave-out it fits once for each source left out and prints that source's error.
 */
import { readFileSync } from 'node:fs';
import { estimate } from '../src/cost/estimate.ts';
import type { Plan } from '../src/domain/plan.ts';
import type { Problem } from '../src/domain/problem.ts';
import { COEFFICIENT_TABLE, type CoefficientName } from '../src/hardware/coefficients.ts';
import { plansOf } from './accuracy/plans.ts';
import { problemOf } from './accuracy/problem.ts';
import type { Row } from './accuracy/row.ts';

interface Case {
  readonly group: string;
  readonly weight: number;
  readonly measured: number;
  readonly problem: Problem;
  plans: readonly Plan[];
}

type Values = Record<string, number>;

interface Knob {
  readonly name: string;
  readonly start: number;
  readonly low: number;
  readonly high: number;
}

/** Facts of stacks and GPUs that are fitted with the coefficients; `a|b|c` are the stacks or architectures they hold for. */
const OLD = ['megatron-2021', 'megatron-2022', 'megatron-deepspeed-2022', 'megatron-2023'];
const EXTRA: readonly Knob[] = [
  { name: 'hostOld', start: 3.45e-5, low: 10e-6, high: 90e-6 },
  { name: 'hostNew', start: 3.687e-5, low: 3e-6, high: 45e-6 },
  { name: 'sustained.ampere', start: 1.114, low: 0.95, high: 1.25 },
  { name: 'sustained.hopper', start: 1.188, low: 1, high: 1.35 },
  { name: 'sustained.h100-500w', start: 1.436, low: 1, high: 1.6 },
  { name: 'sustained.blackwell', start: 1.054, low: 0.85, high: 1.4 },
  { name: 'overlap.tensor.megatron-core', start: 0.4931, low: 0, high: 0.9 },
  { name: 'overlap.data.fsdp', start: 1, low: 0.4, high: 1 },
  { name: 'overlap.expert', start: 0.7311, low: 0.1, high: 0.95 },
  { name: 'overlap.context', start: 0.3865, low: 0, high: 0.98 },
  { name: 'stepSeconds', start: 0.01389, low: 1e-3, high: 100e-3 },
];

function knobs(): Knob[] {
  const table = Object.entries(COEFFICIENT_TABLE).filter(([, c]) => c.status === 'fitted');
  return [
    ...table.map(([name, c]) => ({ name, start: c.value, low: c.bounds[0], high: c.bounds[1] })),
    ...EXTRA,
  ];
}

function apply(problem: Problem, v: Values): Problem {
  const { stack, cluster } = problem;
  const old = OLD.includes(stack.id);
  const group = cluster.groups[0]!;
  const key =
    group.gpu.id === 'h100-sxm-96-500w' ? 'sustained.h100-500w' : `sustained.${group.gpu.architecture}`;
  const gpu = { ...group.gpu, sustainedSlowdown: v[key] ?? group.gpu.sustainedSlowdown };
  return {
    ...problem,
    coefficients: v,
    cluster: { ...cluster, groups: [{ ...group, gpu }] },
    stack: {
      ...stack,
      host: {
        secondsPerUnit: old
          ? v.hostOld!
          : stack.compiled && stack.id === 'xla'
            ? stack.host.secondsPerUnit
            : v.hostNew!,
        secondsPerStep: v.stepSeconds!,
      },
      overlap: {
        ...stack.overlap,
        tensorParallel:
          stack.id === 'megatron-core' ? v['overlap.tensor.megatron-core']! : stack.overlap.tensorParallel,
        dataParallel: stack.fullySharded ? v['overlap.data.fsdp']! : stack.overlap.dataParallel,
        expertParallel:
          old || stack.overlap.expertParallel === 0.88 ? stack.overlap.expertParallel : v['overlap.expert']!,
        contextParallel: old ? stack.overlap.contextParallel : v['overlap.context']!,
      },
    },
  };
}

function load(files: readonly string[]): Case[] {
  const rows = files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Row),
  );
  const sizes = new Map<string, number>();
  const cases: Case[] = [];
  for (const [i, row] of rows.entries()) {
    if (row.tier === 'C' || !row.measured.stepSeconds || 'time' in (row.faults ?? {})) continue;
    if (row.group === 'vtrain-single' && i % 6 !== 0) continue;
    try {
      const problem = problemOf(row, []);
      const plans = plansOf(row, problem, []);
      cases.push({
        group: row.group,
        weight: row.tier === 'A' ? 1 : 0.5,
        measured: row.measured.stepSeconds,
        problem,
        plans,
      });
      sizes.set(row.group, (sizes.get(row.group) ?? 0) + 1);
    } catch {
      // Rows that cannot be expressed are listed by `npm run accuracy`.
    }
  }
  return cases;
}

function predict(one: Case, v: Values): number {
  const problem = apply(one.problem, v);
  let best = Number.POSITIVE_INFINITY;
  for (const plan of one.plans) best = Math.min(best, estimate(problem, plan).stepSeconds);
  return best;
}

function groupErrors(cases: readonly Case[], v: Values): Map<string, { error: number; n: number }> {
  const sums = new Map<string, { sum: number; weight: number; n: number }>();
  for (const one of cases) {
    const e = Math.abs(Math.log(predict(one, v) / one.measured));
    const s = sums.get(one.group) ?? { sum: 0, weight: 0, n: 0 };
    s.sum += one.weight * Math.min(e, 0.5);
    s.weight += one.weight;
    s.n += 1;
    sums.set(one.group, s);
  }
  return new Map([...sums].map(([group, s]) => [group, { error: s.sum / s.weight, n: s.n }]));
}

function loss(cases: readonly Case[], v: Values, start: Values): number {
  let sum = 0;
  let weight = 0;
  for (const { error, n } of groupErrors(cases, v).values()) {
    const w = Math.min(1, Math.sqrt(n / 40));
    sum += w * error;
    weight += w;
  }
  let prior = 0;
  for (const name in v) prior += Math.log(Math.max(v[name]!, 1e-9) / Math.max(start[name]!, 1e-9)) ** 2;
  return sum / weight + 2e-4 * prior;
}

/** Narrows each row to the plan that is best now, so that the search costs one estimate a row. */
function settle(cases: readonly Case[], v: Values): void {
  for (const one of cases) {
    if (one.plans.length === 1) continue;
    const problem = apply(one.problem, v);
    const timed = one.plans.map((plan) => ({ plan, e: estimate(problem, plan) }));
    const fit = timed.filter(({ e }) => e.verdict !== 'does-not-fit');
    const best = (fit.length > 0 ? fit : timed).reduce((a, b) => (b.e.stepSeconds < a.e.stepSeconds ? b : a));
    one.plans = [best.plan];
  }
}

function fitted(cases: readonly Case[], rounds: number, log: boolean): Values {
  const all = knobs();
  const start = Object.fromEntries(all.map((k) => [k.name, k.start]));
  let v: Values = { ...start };
  settle(cases, v);
  let best = loss(cases, v, start);
  const step = new Map(all.map((k) => [k.name, 0.2]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, low, high } of all) {
      let improved = false;
      for (const direction of [1, -1]) {
        const next = Math.min(
          high,
          Math.max(
            low,
            v[name]! * Math.exp(direction * step.get(name)!) + (v[name] === 0 ? 0.05 * direction : 0),
          ),
        );
        if (next === v[name]) continue;
        const trial = { ...v, [name]: next };
        const value = loss(cases, trial, start);
        if (value < best - 1e-6) {
          best = value;
          v = trial;
          improved = true;
          break;
        }
      }
      step.set(name, step.get(name)! * (improved ? 1.3 : 0.5));
    }
    if (log) process.stderr.write(`round ${round + 1}: ${(100 * best).toFixed(2)} %\n`);
  }
  return v;
}

/** The factor a stack's own runs ask for on top: the mean over its sources of their median log ratio. */
function multipliers(cases: readonly Case[], v: Values): Map<string, number> {
  const byStack = new Map<string, Map<string, number[]>>();
  for (const one of cases) {
    const groups = byStack.get(one.problem.stack.id) ?? new Map<string, number[]>();
    groups.set(one.group, [...(groups.get(one.group) ?? []), Math.log(one.measured / predict(one, v))]);
    byStack.set(one.problem.stack.id, groups);
  }
  return new Map(
    [...byStack].map(([stack, groups]) => {
      const medians = [...groups.values()].map(
        (logs) => [...logs].sort((a, b) => a - b)[Math.floor(logs.length / 2)]!,
      );
      return [stack, Math.exp(medians.reduce((a, b) => a + b, 0) / medians.length)];
    }),
  );
}

const argv = process.argv.slice(2);
const value = (name: string, fallback: string) =>
  argv.includes(name) ? argv[argv.indexOf(name) + 1]! : fallback;
const files = [value('--runs', 'test/accuracy/runs.jsonl')];
const rounds = Number(value('--rounds', '6'));
const cases = load(files);
if (argv.includes('--leave-out')) {
  const groups = [...new Set(cases.map((one) => one.group))];
  for (const group of groups) {
    const v = fitted(
      load(files).filter((one) => one.group !== group),
      rounds,
      false,
    );
    const held = groupErrors(
      cases.filter((one) => one.group === group),
      v,
    ).get(group)!;
    console.log(`${group}\t${held.n}\t${(100 * held.error).toFixed(1)}`);
  }
} else {
  const v = fitted(cases, rounds, true);
  const table = COEFFICIENT_TABLE as Record<string, { value: number }>;
  for (const name of Object.keys(v))
    console.log(
      `${name}\t${table[name as CoefficientName]?.value ?? ''}\t${Number(v[name]!.toPrecision(4))}`,
    );
  for (const [group, { error, n }] of groupErrors(cases, v))
    console.log(`${group}\t${n}\t${(100 * error).toFixed(1)}`);
  for (const [stack, factor] of multipliers(cases, v))
    console.log(`multiplier ${stack}\t${factor.toFixed(3)}`);
}
