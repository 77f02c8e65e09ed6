import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { env } from '../../../src/frameworks/describers/env.ts';
import { DENSE, ORIGIN, planned } from './fixture.ts';

const bash = spawnSync('bash', ['--version']).status === 0;

describe('env', () => {
  it.runIf(bash)('comes out of eval as it went in', () => {
    const problem = { ...DENSE, model: { ...DENSE.model, name: `a 'b' "c" $(id)\nd` } };
    const plan = planned(DENSE, 'tp=8,pp=2,dp=4,micro-batch=2,recompute=core_attn+layernorm');
    const [one] = env.render(problem, plan, ORIGIN);
    const script = `${one!.content}\nprintf '%s|' "$MODEL" "$TENSOR_PARALLEL" "$RECOMPUTE_MODULES" "$LAYERS_PER_STAGE" "$NNODES"`;
    const ran = spawnSync('bash', ['-euc', script], { encoding: 'utf8' });
    const layers = DENSE.model.layers.length / 2;
    expect(ran.stdout).toBe(`${problem.model.name}|8|core_attn layernorm|${layers} ${layers}|8|`);
  });
});
