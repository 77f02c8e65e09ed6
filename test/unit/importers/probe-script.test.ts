import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readFacts } from '../../../src/importers/formats/index.ts';
import { inventoryOf } from '../../../src/importers/inventory/inventory.ts';
import { PROBE_SCRIPT } from '../../../src/importers/probe-script.ts';
import { KNOWN_GPUS } from '../../fixtures/inventory.ts';

const SAMPLES = join(process.cwd(), 'test/fixtures/discovery');
/** What the script itself calls; a host's own nvidia-smi or Slurm must not answer. */
const BASICS = ['bash', 'cat', 'grep', 'mkdir', 'rm', 'rmdir', 'timeout', 'uname'];
const NVIDIA_SMI = `case "$*" in
  --list-gpus) printf 'GPU %d: NVIDIA H100 80GB HBM3 (UUID: GPU-x)\\n' 0 1 2 3 4 5 6 7 ;;
  *mig.mode*) exit 2 ;;
  --query-gpu*) echo 'name, memory.total [MiB]'; for _ in 1 2 3 4 5 6 7 8; do echo 'NVIDIA H100 80GB HBM3, 81559 MiB'; done ;;
  'topo -m') cat ${SAMPLES}/nvidia_smi_topo_hgx_h100_8nic.txt ;;
esac`;
const MPIRUN = `echo "$*" >>calls
case "$*" in
  *sendrecv_perf*) cat ${SAMPLES}/nccl_tests_sendrecv_2node_nocheck.txt ;;
  *osu_latency*) cat ${SAMPLES}/osu_latency.txt ;;
  *osu_bw*) cat ${SAMPLES}/osu_bw.txt ;;
  *mpiGraph*) cat ${SAMPLES}/mpigraph.txt ;;
esac`;
const SCONTROL = `[ "$*" = 'show nodes' ] && cat ${SAMPLES}/scontrol_show_nodes.txt`;

/** Runs the script where only these tools are, each a script of its own; the folder it ran in and what it said. */
function probed(tools: Readonly<Record<string, string>>, environment: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'probe-'));
  const path = mkdtempSync(join(tmpdir(), 'path-'));
  for (const name of BASICS) {
    const found = spawnSync('bash', ['-c', `command -v ${name}`], { encoding: 'utf8' });
    symlinkSync(found.stdout.trim(), join(path, name));
  }
  for (const [name, body] of Object.entries({ hostname: 'echo node7', ...tools })) {
    writeFileSync(join(path, name), `#!/bin/bash\n${body}\n`);
    chmodSync(join(path, name), 0o755);
  }
  writeFileSync(join(folder, 'probe.sh'), PROBE_SCRIPT);
  const { status, stdout, stderr } = spawnSync('bash', ['probe.sh', 'out'], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: path, ...environment },
  });
  const files = readdirSync(folder).includes('out') ? readdirSync(join(folder, 'out')) : [];
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  return { status, stdout, stderr, files, read, all: readdirSync(folder) };
}

describe('the probe script', () => {
  it('is bash', () => {
    expect(spawnSync('bash', ['-n'], { input: PROBE_SCRIPT }).status).toBe(0);
  });

  it.skipIf(spawnSync('shellcheck', ['--version']).error !== undefined)(
    'leaves shellcheck nothing to say',
    () => {
      const { stdout } = spawnSync('shellcheck', ['-'], { input: PROBE_SCRIPT, encoding: 'utf8' });
      expect(stdout).toBe('');
    },
  );

  it('collects files that import reads together', () => {
    const { status, stdout, files, read, all } = probed({ 'nvidia-smi': NVIDIA_SMI, scontrol: SCONTROL });
    expect(status).toBe(0);
    expect(files).toEqual([
      'node7-nvidia-smi-query.csv',
      'node7-nvidia-smi-topo.txt',
      'node7-scontrol-nodes.txt',
    ]);
    expect(all.toSorted()).toEqual(['out', 'probe.sh']);
    expect(stdout).toMatch(/3 files; now: shardwright cluster import out\/\*/);
    const facts = files.map((name) => readFacts(read(`out/${name}`), name));
    expect(inventoryOf(facts, KNOWN_GPUS).groups[0]).toMatchObject({
      gpu: 'h100-sxm',
      hosts: ['gpu01'],
      intraNode: 'nvlink4',
    });
  });

  it('asks one source of Slurm, the most exact first', () => {
    const json = `[ "$3" = --json ] && echo '{"nodes": [{"name": "n1", "gres": "gpu:h100:8"}]}'`;
    const sinfo = `echo 'NODELIST|GRES|AVAIL_FEATURES|MEMORY|CPUS|STATE'; echo 'n1|gpu:h100:8|(null)|1|1|idle'`;
    expect(probed({ scontrol: json, sinfo }).files).toEqual(['node7-scontrol-nodes.json']);
    expect(probed({ scontrol: SCONTROL, sinfo }).files).toEqual(['node7-scontrol-nodes.txt']);
    const { files, read } = probed({ scontrol: 'exit 1', sinfo });
    expect(files).toEqual(['node7-sinfo.txt']);
    expect(readFacts(read('out/node7-sinfo.txt'), 's').hosts).toHaveLength(1);
  });

  it('measures inside a host and between hosts, with a process for each GPU in the matrix', () => {
    const perf = `cat ${SAMPLES}/nccl_tests_all_reduce_8gpu.txt`;
    const { files, read } = probed(
      {
        'nvidia-smi': NVIDIA_SMI,
        all_reduce_perf: perf,
        all_gather_perf: perf,
        reduce_scatter_perf: perf,
        alltoall_perf: perf,
        mpirun: MPIRUN,
        sendrecv_perf: '',
        osu_latency: '',
        osu_bw: '',
        mpiGraph: '',
      },
      { HOSTS: 'a,b,c' },
    );
    expect(files.map((name) => name.replace('node7-', ''))).toEqual([
      'all_gather-8gpu.txt',
      'all_reduce-8gpu.txt',
      'alltoall-8gpu.txt',
      'mpigraph.txt',
      'nvidia-smi-query.csv',
      'nvidia-smi-topo.txt',
      'osu-bw.txt',
      'osu-latency.txt',
      'reduce_scatter-8gpu.txt',
      'sendrecv-2host.txt',
    ]);
    expect(read('calls')).toMatch(/^-np 2 -H a:1,b:1 sendrecv_perf/m);
    expect(read('calls')).toMatch(/^-np 24 -H a:8,b:8,c:8 mpiGraph/m);
    for (const name of files) expect(() => readFacts(read(`out/${name}`), name)).not.toThrow();
  });

  it('collects product and memory on AMD, and measures with as many GPUs', () => {
    const rocm = `case "$*" in
      *--csv*) echo device; echo card0; echo card1 ;;
      *--showmeminfo*) printf 'GPU[%d]\\t\\t: Card Series: \\t\\tAMD Instinct MI300X\\n' 0 1 ;;
      *) cat ${SAMPLES}/rocm_smi_showtopo.txt ;;
    esac`;
    const { files } = probed({
      'rocm-smi': rocm,
      all_reduce_perf: `echo '    8 2 float sum'; echo "$*" >calls`,
    });
    expect(files).toEqual([
      'node7-all_reduce-2gpu.txt',
      'node7-rocm-smi-product.txt',
      'node7-rocm-smi-topo.txt',
    ]);
  });

  it('drops what is empty, fails or says something else, and then says that nothing was collected', () => {
    const { status, stderr, files, all } = probed({
      'nvidia-smi': "echo 'No devices were found'",
      'rocm-smi': 'exit 1',
      scontrol: '',
    });
    expect({ status, files, all }).toEqual({ status: 1, files: [], all: ['probe.sh'] });
    expect(stderr).toMatch(/nothing collected.*on node7/);
  });
});
