import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { run } from '../../fixtures/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'shardwright-names-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const GROUP = '{ id: a, gpu: h100-sxm, nodes: 1, gpusPerNode: 8, intraNode: nvlink4 }';

function shown(name: string, terminal: boolean) {
  const path = join(folder, 'cluster.yaml');
  const text = `schema: shardwright.cluster/1\nname: ${JSON.stringify(name)}\ngroups: [${GROUP}]\n`;
  writeFileSync(path, text);
  return run(['cluster', 'show', path], { terminal });
}

describe('what a file calls things', () => {
  it.each([true, false])('is never printed raw (on a terminal: %s)', async (terminal) => {
    const { code, out } = await shown('mine\u001b[2J\u0007\u202egnp', terminal);
    expect(code).toBe(0);
    expect(out).toContain('mine\\u001b[2J\\u0007\\u202egnp');
  });

  it('may be in any language', async () => {
    expect((await shown('Grün 集群', false)).out).toContain('Grün 集群');
  });

  it('is not printed raw in a message either', async () => {
    const { code, err } = await run(['cluster', 'show', 'no\u001b[31msuch']);
    expect(code).toBe(2);
    expect(err).toContain('no\\u001b[31msuch');
  });
});
