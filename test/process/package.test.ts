import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { own, packed as packedManifest } from '../../tools/package/manifest.ts';
import { guarded } from '../fixtures/program.ts';

/** An empty folder into which the packed tarball is put with its dependencies, and nothing else. */
const folder = mkdtempSync(join(tmpdir(), 'shardwright-installed-'));
const installed = join(folder, 'node_modules/shardwright');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

let packed: Packed;

function ended(program: string, words: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    env: { ...process.env, npm_config_offline: 'true', npm_config_update_notifier: 'false' },
  });
  expect(`${error ?? ''}${stderr}${stdout}`.slice(0, status === 0 ? 0 : 4000), program).toBe('');
  return stdout;
}

/** What npm would install beside: packages of the lock file that are not there for development alone. */
function dependencies(): string[] {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean }>;
  };
  return Object.entries(packages)
    .filter(([path, { dev, optional }]) => path !== '' && dev !== true && optional !== true)
    .map(([path]) => path);
}

beforeAll(() => {
  expect(existsSync('dist/bundle/bin.js'), 'dist: npm run build').toBe(true);
  const words = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  packed = (JSON.parse(ended('npm', words, process.cwd())) as Packed[])[0]!;
  mkdirSync(installed, { recursive: true });
  ended('tar', ['-xzf', join(folder, packed.filename), '--strip-components=1', '-C', installed], folder);
  for (const path of dependencies()) cpSync(path, join(folder, path), { recursive: true, dereference: true });
});

describe('the packed tarball', () => {
  it('has what runs, its data, its documents, and nothing of the workshop', () => {
    const tops = new Set(packed.files.map(({ path }) => path.split('/')[0]));
    expect([...tops].sort()).toEqual([
      ...['CHANGELOG.md', 'LICENSE', 'README.md', 'bin', 'configs', 'dist', 'hardware-profiles'],
      ...['package.json', 'schemas'],
    ]);
    const odd = packed.files.filter(({ path }) => !/\.(js|cjs|d\.ts|json|yaml|md)$|^LICENSE$/.test(path));
    expect(odd).toEqual([]);
    expect(packed.files.filter(({ path }) => /\.test\.|fixtures/.test(path))).toEqual([]);
  });

  it('runs no script where it is installed, and has what its manifest names', () => {
    const text = readFileSync('package.json', 'utf8');
    const { scripts, bin, exports } = JSON.parse(packedManifest(text));
    for (const name of ['preinstall', 'install', 'postinstall', 'prepare'])
      expect(scripts).not.toHaveProperty(name);
    expect(own(packedManifest(text))).toBe(text);
    const named = [...Object.values(bin), exports['.'].types, exports['.'].import, exports['./package.json']];
    for (const path of named) expect(existsSync(join(installed, path as string)), path as string).toBe(true);
  });

  it('has all bundled data', () => {
    for (const root of ['configs', 'hardware-profiles', 'schemas'])
      for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }))
        expect(existsSync(join(installed, root, name)), name).toBe(true);
  });

  it('plans in an empty folder as here, threads and pages included, and asks no network', () => {
    const words = ['plan', 'llama-3.2-1b', 'dgx-h100-8', '--seq-length', '2048', '--global-batch', '16'];
    const program = join(installed, 'bin/shardwright.js');
    const there = guarded([program, ...words, '--json', '--threads', '2', '--report', 'plan.html'], folder);
    const here = guarded([resolve('bin/shardwright.js'), ...words, '--json'], folder);
    expect(there).toMatchObject({ code: 0, err: 'wrote plan.html\n', seen: [] });
    expect(there.out).toBe(here.out);
    expect(readFileSync(join(folder, 'plan.html'), 'utf8')).toContain('<html');
  });

  it('is a library whose types stand by themselves', () => {
    const consumer = `
import { estimate, loadCluster, loadModel, loadStack, parseConfiguration, planOf, type Problem } from 'shardwright';
const workload = { sequenceLength: 2048, globalBatchSize: 16, precision: 'bf16', optimizer: 'adamw', headroom: 0.08 } as const;
const problem: Problem = {
  model: loadModel('llama-3.2-1b').value,
  cluster: loadCluster('dgx-h100-8').value,
  stack: loadStack('generic'),
  workload,
};
const found = planOf(problem, parseConfiguration('dp=8'));
if ('rule' in found) throw new Error(found.actual);
export const seconds: number = estimate(problem, found.plan).stepSeconds;
`;
    writeFileSync(join(folder, 'consumer.ts'), consumer);
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    const options = ['--strict', '--module', 'nodenext', '--target', 'es2023', '--skipLibCheck', 'false'];
    ended(process.execPath, [resolve('node_modules/typescript/bin/tsc'), ...options, 'consumer.ts'], folder);
    const print = "import('./consumer.js').then(({ seconds }) => console.log(seconds > 0))";
    expect(guarded(['-e', print], folder)).toMatchObject({ code: 0, out: 'true\n', seen: [] });
  });
});
