import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { COEFFICIENT_TABLE } from '../../src/hardware/coefficients.ts';
import { OLD_STACKS, sustainedKnob, type Values } from './knobs.ts';

/** Puts the fitted values where the project reads them. */
export function write(v: Values, multipliers: ReadonlyMap<string, number>): void {
  const entries = Object.entries(COEFFICIENT_TABLE)
    .filter(([, c]) => c.status === 'fitted')
    .map(([name]) => `  ${name}: ${short(v[name]!)},\n`);
  writeFileSync(
    'src/hardware/fitted.ts',
    '/** Written by `npm run fit -- --write`; meanings, bounds and starting values are in coefficients.ts. */\n' +
      `export const FITTED = {\n${entries.join('')}} as const;\n`,
  );
  edit('hardware-profiles/gpus', (_, text) => {
    const value = v[sustainedKnob(/^sustainedFit: (\S+)/m.exec(text)?.[1] ?? '')];
    return value === undefined
      ? text
      : text.replace(/^sustainedSlowdown: .*$/m, `sustainedSlowdown: ${short(value)}`);
  });
  edit('configs/stacks', (id, text) => {
    if (id === 'xla') return text;
    const old = OLD_STACKS.includes(id);
    const host = `host: { timePerUnit: ${short((old ? v.hostOld! : v.hostNew!) * 1e6)} us, timePerStep: ${short(v.stepSeconds! * 1e3)} ms }`;
    const factor = multipliers.get(id) ?? 1;
    return text
      .replace(/^host: .*$/m, host)
      .replace(/^overlap: .*$/m, (line) => (old ? line : overlap(line, id, v)))
      .replace(
        /^timeMultiplier: \{ value: [\d.]+/m,
        `timeMultiplier: { value: ${factor.toFixed(3).replace(/\.?0+$/, '')}`,
      );
  });
}

function overlap(line: string, id: string, v: Values): string {
  const set = (text: string, key: string, name: string) =>
    text.replace(new RegExp(`${key}: [\\d.]+`), `${key}: ${short(v[name]!)}`);
  let text = set(line, 'contextParallel', 'overlap.context');
  if (id === 'megatron-core') text = set(text, 'userbuffers', 'overlap.tensor.megatron-core');
  if (/fsdp/.test(id)) text = set(text, 'dataParallel', 'overlap.data.fsdp');
  return text;
}

function edit(folder: string, change: (id: string, text: string) => string): void {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
    const path = `${folder}/${file}`;
    writeFileSync(path, change(file.replace('.yaml', ''), readFileSync(path, 'utf8')));
  }
}

function short(x: number): string {
  return String(Number(x.toPrecision(4)));
}
