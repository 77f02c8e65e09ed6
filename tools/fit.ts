/**
 * `npm run fit -- [--iterations N] [--sweeps N] [--resume] [--leave-out] [--runs FILE] [--write]`: fits the constants
 * marked `fitted` in src/hardware/coefficients.ts, and the few facts of stacks and GPUs in tools/fit/knobs.ts, on
 * published runs: Gauss–Newton from their starting values (or, with --resume, no such steps, and from the values in use),
 * then coordinate steps. Prints the values and which of them are on a bound (with --write also writes them to
 * src/hardware/fitted.ts and the YAML files), each source's error and each stack's multiplier. With --leave-out it fits
 * once for each source left out and writes that source's error, with no multiplier, to test/accuracy/left-out.json: from the starting
 * values, or with --resume from the values in use, which takes minutes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { sourceOf } from '../src/accuracy/score.ts';
import type { Row } from '../src/runs/row.ts';
import { type Case, casesOf, errorBySource, residual } from './fit/cases.ts';
import { polished } from './fit/coordinate-steps.ts';
import { fitted } from './fit/gauss-newton.ts';
import { inUse, knobs, onBound, type Values } from './fit/knobs.ts';
import { fittedWithout } from './fit/left-out.ts';
import { write } from './fit/write.ts';

const argv = process.argv.slice(2);
const value = (name: string, fallback: string) =>
  argv.includes(name) ? argv[argv.indexOf(name) + 1]! : fallback;
const rows = readFileSync(value('--runs', 'test/accuracy/runs.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Row);
const iterations = Number(value('--iterations', '8'));
const all = knobs();
const start: Values = argv.includes('--resume')
  ? inUse()
  : Object.fromEntries(all.map((k) => [k.name, k.start]));
const cases = casesOf(rows, start);
const only = argv.includes('--only') ? value('--only', '').split(',') : null;
if (argv.includes('--leave-out')) leaveOut();
else fitAll();

function fitAll(): void {
  const say = (what: string) => (i: number, loss: number) =>
    process.stderr.write(`${what} ${i}: ${(100 * loss).toFixed(2)} %\n`);
  const near = argv.includes('--resume') ? start : fitted(cases, all, iterations, say('iteration'));
  const v = polished(cases, all, near, Number(value('--sweeps', '3')), say('sweep'));
  for (const { name, start: from } of all)
    console.log(`${name}\t${from}\t${Number(v[name]!.toPrecision(4))}`);
  for (const knob of all)
    if (onBound(knob, v[knob.name]!))
      console.log(`on its bound: ${knob.name}\t${knob.bound ?? 'no reason given'}`);
  const residuals = cases.map((one) => residual(one, v));
  for (const [group, error] of errorBySource(cases, residuals))
    console.log(`${group}\t${(100 * error).toFixed(1)}`);
  const factors = multipliers(cases, residuals);
  for (const [stack, factor] of factors) console.log(`multiplier ${stack}\t${factor.toFixed(3)}`);
  if (argv.includes('--write')) write(v, factors);
}

function leaveOut(): void {
  const sources = [...new Set(cases.map((one) => one.group))].filter(
    (g) => only === null || only.includes(g),
  );
  const near = argv.includes('--resume') ? fittedWithout(cases, all, start) : null;
  const path = 'test/accuracy/left-out.json';
  const result: Record<string, { rows: number; error: number }> = {};
  for (const source of sources) {
    const rest = cases.filter((one) => one.group !== source);
    const v = near?.(source) ?? fitted(rest, all, iterations);
    const own = rows.filter((row) => row.group === source);
    for (const name of new Set(own.map(sourceOf))) {
      const held = casesOf(
        own.filter((row) => sourceOf(row) === name),
        v,
      );
      if (held.length === 0) continue;
      const relative = held.map((one) => Math.abs(Math.expm1(residual(one, v))));
      const error = relative.reduce((a, b) => a + b, 0) / relative.length;
      result[name] = { rows: held.length, error: Number(error.toFixed(4)) };
      process.stderr.write(`${name}\t${held.length}\t${(100 * error).toFixed(1)}\n`);
      writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`);
    }
  }
}

/** The factor a stack's own runs ask for on top: the mean over its sources of their median log ratio. */
function multipliers(of: readonly Case[], residuals: readonly number[]): Map<string, number> {
  const byStack = new Map<string, Map<string, number[]>>();
  for (const [i, { problem, group }] of of.entries()) {
    const groups = byStack.get(problem.stack.id) ?? new Map<string, number[]>();
    groups.set(group, [...(groups.get(group) ?? []), -residuals[i]!]);
    byStack.set(problem.stack.id, groups);
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
