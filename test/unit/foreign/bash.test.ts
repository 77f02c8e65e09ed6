import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/domain/input-error.ts';
import { programWords } from '../../../src/foreign/bash/program.ts';

const isFlag = (word: string) => word.startsWith('--');
const wordsOf = (script: string) => programWords(script, 'job.sh', isFlag).ways[0]!.words;

/** Flags of a script as `name value …`, the last of each name. */
function read(script: string): string[] {
  const flags = new Map<string, string[]>();
  for (const { text } of wordsOf(script)) {
    const [name, value] = isFlag(text) ? text.split('=') : [];
    const last = [...flags.values()].at(-1);
    if (name === undefined) last?.push(text);
    else {
      flags.delete(name);
      flags.set(name, value === undefined ? [name] : [name, value]);
    }
  }
  return [...flags.values()].map((words) => words.join(' '));
}

const TRAIN = 'torchrun --nproc-per-node 8 pretrain_gpt.py';

describe('arguments of the training program in a shell script', () => {
  it.each([
    ['variables', `TP=4\n${TRAIN} --tp $TP --pp "\${PP:-8}"`, ['--tp 4', '--pp 8']],
    ['the value in force at the line', `TP=4\n${TRAIN} --tp $TP\nTP=8\necho "GBS=256 TP=16"`, ['--tp 4']],
    ['comments', `TP=4 # TP=8\n# TP=16\n${TRAIN} --tp $TP  # was --tp 8 --cp 2`, ['--tp 4']],
    [
      'comments between continued lines',
      `A=(\n --tp 4 # was 8\n # --pp 4\n)\n${TRAIN} "\${A[@]}"`,
      ['--tp 4'],
    ],
    ['an array that grows', `A=(--tp 4)\nA+=(--sp)\n${TRAIN} "\${A[@]}" --x`, ['--tp 4', '--sp', '--x']],
    [
      'a list that ends its array',
      `A=(\n--modules core_attn layernorm\n)\n${TRAIN} \${A[@]}`,
      ['--modules core_attn layernorm'],
    ],
    ['an array nobody uses', `OLD=(--tp 8 --cp 2)\n${TRAIN} --tp 4`, ['--tp 4']],
    [
      'a here-document',
      `cat > notes.md <<EOF\npython pretrain_gpt.py --tp 8 --pp 2 --cp 2\nEOF\n${TRAIN} --tp 4`,
      ['--tp 4'],
    ],
    ['a job in a here-document', `sbatch <<'EOF'\nsrun python pretrain_gpt.py --tp 4\nEOF`, ['--tp 4']],
    ['another program after it', `${TRAIN} --tp 4\npython tools/eval.py --tp 8 --model x --y`, ['--tp 4']],
    ['quoted values', `${TRAIN} --name 'run --cp 2 test' --tp 4`, ['--name run --cp 2 test', '--tp 4']],
    [
      'a condition that holds',
      `S=big\nif [ "$S" = big ]; then P=8; else P=2; fi\n${TRAIN} --pp $P`,
      ['--pp 8'],
    ],
    [
      'a condition that does not',
      `SP=0\nif [ $SP -eq 1 ]; then X=--sp; fi\n${TRAIN} --tp 4 $X`,
      ['--tp 4 $X'],
    ],
    [
      'an option nobody gave',
      `[[ -n "$FSDP" ]] && A+=(--fsdp)\nA+=(--tp 4)\n${TRAIN} "\${A[@]}"`,
      ['--tp 4'],
    ],
    ['a case', `M=70b\ncase $M in 8b) L=32;; 70b|72b) L=80;; *) L=1;; esac\n${TRAIN} --l $L`, ['--l 80']],
    ['arithmetic', `N=4\n${TRAIN} --gbs $((128*N)) --y $((N>2 ? 1 : 0))`, ['--gbs 512', '--y 1']],
    ['a default that is set', `: \${TP:=4}\n${TRAIN} --tp $TP`, ['--tp 4']],
    ['a string of arguments', `A="--tp 4\n  --pp 2"\n${TRAIN} $A`, ['--tp 4', '--pp 2']],
    [
      'a shell in a shell',
      `O='--tp 4'\nsrun -l --mpi=pmix bash -c "python -u pretrain_gpt.py $O"`,
      ['--tp 4'],
    ],
    ['a function', `run() { ${TRAIN} --tp $TP; }\nTP=4\nrun`, ['--tp 4']],
    [
      'a loop over known words',
      `for TP in 2 4; do A="$A --x$TP"; done\n${TRAIN} --tp $TP$A`,
      ['--tp 4', '--x2', '--x4'],
    ],
    ['flags of starters', `srun --mpi=pmi2 torchrun --nnodes 2 pretrain_gpt.py --tp=4`, ['--tp 4']],
    [
      'a layout',
      `${TRAIN} --layout "Et*12|(t*10|)*6,t*8,L" --m Et*4`,
      ['--layout Et*12|(t*10|)*6,t*8,L', '--m Et*4'],
    ],
    ['only arrays, to be sourced', `A=(--tp 4)\nB=(--pp 2)`, ['--tp 4', '--pp 2']],
    [
      'a file of arguments',
      `# what we run\n--tp 4 # four\n--layout "Et*2|t*2L" \\\n--x`,
      ['--tp 4', '--layout Et*2|t*2L', '--x'],
    ],
    ['a flag twice', `${TRAIN} --tp 8 --tp 4`, ['--tp 4']],
  ])('%s', (_, script, wanted) => {
    expect(read(script)).toEqual(wanted);
  });

  it('says where a value stands, through arrays and continued lines', () => {
    const script = `A=(\n  --tp 4\n  --pp 2\n)\n${TRAIN} \\\n  "\${A[@]}" \\\n  --cp 2\n`;
    const lines = wordsOf(script).flatMap(({ text, line }) => (isFlag(text) ? [[text, line]] : []));
    expect(lines).toEqual([
      ['--tp', 2],
      ['--pp', 3],
      ['--cp', 7],
    ]);
  });

  it('goes each way where a condition cannot be decided', () => {
    const ways = (script: string) =>
      programWords(script, 'job.sh', isFlag).ways.map(({ words }) => words.map(({ text }) => text).join(' '));
    const script = `if [ -f big ]; then A=(--tp 8); else A=(--tp 4); fi\n${TRAIN} "\${A[@]}"`;
    expect(ways(script)).toEqual(['--tp 8', '--tp 4']);
    expect(ways(`if [ -f x ]; then D=a; else D=b; fi\n${TRAIN} --data $D --tp 4`)).toEqual([
      '--data a --tp 4',
      '--data b --tp 4',
    ]);
    // Who starts a job means it to start.
    expect(ways(`T=1\nif ! grep -q x y; then T=2; exit 1; fi\n${TRAIN} --tp $T`)).toEqual(['--tp 1']);
    const many = Array.from({ length: 7 }, (_, i) => `[ -f f${i} ] && A+=" --f${i}"`).join('\n');
    expect(() => ways(`${many}\n${TRAIN} $A`)).not.toThrow();
    const apart = Array.from({ length: 7 }, (_, i) => `[ -f f${i} ] && A${i}="--f${i}"`).join('\n');
    const all = Array.from({ length: 7 }, (_, i) => `$A${i}`).join(' ');
    expect(() => ways(`${apart}\n${TRAIN} ${all}`)).toThrow(InputError);
  });

  it.each([
    [
      'a while loop over arguments',
      `set -- --tp 8 --pp 2\nwhile [[ $# -gt 0 ]]; do case $1 in --tp) TP=$2; shift 2;; *) shift;; esac; done\n${TRAIN} --tp $TP`,
      ['--tp 8'],
    ],
    [
      'a loop that counts',
      `N=1\nfor ((i = 0; i < 3; i++)); do N=$((N * 2)); done\n${TRAIN} --n $N`,
      ['--n 8'],
    ],
    [
      'a loop that is left',
      `for n in 1 2 3; do N=$n; [ $n -eq 2 ] && break; done\n${TRAIN} --n $N`,
      ['--n 2'],
    ],
    ['a function that returns', `f() { T=2; return; T=3; }\nf\n${TRAIN} --tp $T`, ['--tp 2']],
    [
      'arguments of a script',
      `set -- 4 "a b" c\n${TRAIN} --tp $1 --n $# --rest "\${@:2}"`,
      ['--tp 4', '--n 3', '--rest a b c'],
    ],
    [
      'pieces of a text',
      `M=/m/llama-70b.yaml\nN=\${M##*/}\n${TRAIN} --m \${N%.yaml} --s \${N/70b/8b} --u \${N^^} --l \${#N}`,
      ['--m llama-70b', '--s llama-8b.yaml', '--u LLAMA-70B.YAML', '--l 14'],
    ],
    [
      'an element of an array',
      `A=(1 2 4)\nA[1]=8\n${TRAIN} --tp \${A[1]} --n \${#A[@]}`,
      ['--tp 8', '--n 3'],
    ],
    ['a variable by another’s name', `TP_big=8\nK=TP_big\n${TRAIN} --tp \${!K}`, ['--tp 8']],
    [
      'what a plain command prints',
      `${TRAIN} --tp $(expr 2 \\* 4) --m $(basename /a/b.json .json)`,
      ['--tp 8', '--m b'],
    ],
    ['defaults in arithmetic', `NODES=2\n${TRAIN} --gpus $(( \${GPUS:-8} * $NODES ))`, ['--gpus 16']],
    [
      'a script that it writes and starts',
      `TP=4\ncat > run.sh <<EOF\n${TRAIN} --tp $TP\nEOF\nsbatch run.sh`,
      ['--tp 4'],
    ],
    ['what Slurm is asked for', `#!/bin/bash\n#SBATCH --nodes=4\n${TRAIN} --n $SLURM_NNODES`, ['--n 4']],
    ['two conditions in one test', `A=1\n[ "$A" = 1 -a -z "$B" ] && T=8\n${TRAIN} --tp $T`, ['--tp 8']],
    ['a pattern in a condition', `M=llama3-70b\n[[ $M =~ ^llama ]] && T=8\n${TRAIN} --tp $T`, ['--tp 8']],
    ['a subshell, whose variables are its own', `T=8\n(T=4)\n${TRAIN} --tp $T`, ['--tp 8']],
    ['a module in place of a file', 'torchrun --nproc-per-node 8 -m megatron.train --tp 4', ['--tp 4']],
    [
      'what is only printed',
      `echo "${TRAIN} --tp 8"\necho torchrun pretrain_gpt.py --tp 2 --pp 2\n${TRAIN} --tp 4`,
      ['--tp 4'],
    ],
  ])('%s', (_, script, wanted) => {
    expect(read(script)).toEqual(wanted);
  });

  it.each([
    ['torchrun --nproc_per_node=8 --nnodes 4 pretrain_gpt.py --tp 8', 32],
    ['torchrun --nproc_per_node 8 pretrain_gpt.py --tp 8', 8],
    ['torchrun --nproc_per_node $GPUS pretrain_gpt.py --tp 8', null],
    ['srun -N 2 --ntasks-per-node=8 python pretrain_gpt.py --tp 8', 16],
    ['#SBATCH --nodes=2\n#SBATCH --ntasks-per-node=4\nsrun python pretrain_gpt.py --tp 8', 8],
    ['deepspeed --num_gpus 8 --num_nodes 2 pretrain_gpt.py --tp 8', 16],
    ['mpirun -np 24 python pretrain_gpt.py --tp 8', 24],
    ['python pretrain_gpt.py --tp 8', null],
  ])('GPUs of %j: %s', (script, gpus) => {
    expect(programWords(script.replaceAll('\\n', '\n'), 'job.sh', isFlag).ways[0]!.gpus).toBe(gpus);
  });

  it('keeps what only the cluster knows as it stands', () => {
    expect(read(`${TRAIN} --n $SLURM_NNODES --d "$(pwd)/x" --tp 4`)).toEqual([
      '--n $SLURM_NNODES',
      '--d $(pwd)/x',
      '--tp 4',
    ]);
  });

  it('knows the variables, those of one command too', () => {
    const { variables } = programWords(`export A=1 B=$C\nD=2 ${TRAIN} --tp 4`, 'job.sh', isFlag);
    expect(Object.fromEntries(variables)).toEqual({ A: '1', D: '2' });
  });

  it('says what bash could not read', () => {
    expect(() => wordsOf(`${TRAIN} --tp 4\nif true; then\n`)).toThrow(/bash cannot read job\.sh/);
  });

  it.runIf(spawnSync('bash', ['--version']).status === 0)('expands as bash does', () => {
    const word = fc.constantFrom(
      ...['{A}', '{B[@]}', '{B[1]}', '{C:-d e}', '((3*D))'].flatMap((one) => [`$${one}`, `"$${one}"`]),
      "'$A'",
      'x',
      '"a b"',
      '--f',
    );
    fc.assert(
      fc.property(
        fc.array(fc.array(word, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 5 }),
        (words) => {
          const line = words.map((parts) => parts.join('')).join(' ');
          const set = `A="p  q"; B=(1 "2 3" x); D=4`;
          const bash = spawnSync('bash', ['-c', `set -f; ${set}; printf '%s\\n' ${line}`], {
            encoding: 'utf8',
          });
          const ours = read(`${set}\npython pretrain_gpt.py --all ${line.replaceAll('--f', 'f')}`);
          const theirs = bash.stdout.replaceAll('--f', 'f').trimEnd().split('\n');
          expect(ours).toEqual([['--all', ...theirs].join(' ')]);
        },
      ),
      { seed: 3, numRuns: 60 },
    );
  });
});
