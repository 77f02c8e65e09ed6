import type { Command } from 'commander';
import { PRECISIONS } from '../domain/dtype.ts';
import { LAUNCHERS } from '../frameworks/index.ts';
import { OPTIMIZERS } from '../optimizers/index.ts';
import type { Style } from '../reporters/paint.ts';
import type { Io } from './io.ts';

/** Adds a command to the program; its action resolves to an exit code through `done`. */
export type Register = (program: Command, io: Io, done: (code: number) => void) => void;

export function styleOf(io: Io): Style {
  const color = io.env.NO_COLOR === undefined && (io.terminal || io.env.FORCE_COLOR !== undefined);
  return { columns: Math.max(60, io.columns), color };
}

/** Which of a cluster's GPUs a plan may use. */
export function clusterOptions(command: Command): Command {
  return command
    .option('--gpu-types <LIST>', 'use only these GPU types: h100-sxm,a100-80-sxm')
    .option('--max-gpus <N>', 'use at most so many GPUs')
    .option(
      '--drop-slow <WHEN>',
      'auto leaves groups idle that slow the rest, never uses all (default auto)',
    );
}

/** The user's own runs, over the estimates of whatever command estimates. */
export function calibrationOption(command: Command): Command {
  return command.option(
    '--calibration <FILE>',
    'what your own runs say of the estimates: a file of calibrate',
  );
}

/** The flags of the workload, shared by plan, estimate, explain and compare. */
export function workloadOptions(command: Command): Command {
  return command
    .option('--seq-length <N>', 'tokens per sequence: 8192 or 8k')
    .option('--global-batch <N>', 'sequences per optimizer step, or tokens: 512 or 4Mtok')
    .option(
      '--packing <LENGTHS>',
      'samples of unlike lengths in each sequence: a file of lengths, or mean=1200,square=3.1e6,mask=block,padding=3%',
    )
    .option(
      '--routing <LOADS>',
      'how unevenly tokens go to experts: a file of loads or routes, or imbalance=1.8; capacity=1.25 drops the rest',
    )
    .option('--precision <P>', `${PRECISIONS.join(', ')} (default bf16)`)
    .option(
      '--optimizer <NAME>',
      `${OPTIMIZERS.map(({ id }) => id).join(', ')}, options after it: adamw,moments=bf16 (default ${OPTIMIZERS[0]!.id})`,
    )
    .option(
      '--train <WHAT>',
      'full, lora, qlora, or part by part: decoder=lora,embedding=frozen,head=full,first-layers=8 (default full)',
    )
    .option('--lora-rank <N>', 'rank of adapters (default 16)')
    .option(
      '--lora-modules <LIST>',
      'what has adapters: all, attention, mlp, or q,k,v,o,gate,up,down (default all)',
    )
    .option('--lora-dropout <SHARE>', 'dropout of what adapters read (default 0)')
    .option(
      '--images <N>',
      'images in a sequence, on average, for the vision tower of a multimodal model (default 1)',
    )
    .option(
      '--launcher <NAME>',
      `rank only what it can run: ${LAUNCHERS.map(({ id }) => id).join(', ')}, or any for all freedom (default: what a framework runs)`,
    )
    .option('--stack <NAME>', "software stack (default: the launcher's, else generic)")
    .option('--layer-profile <FILE>', 'measured layer times that stand in for the estimated ones')
    .option('--headroom <SHARE>', 'GPU memory to leave free: 8% or 4GiB (default 8%)')
    .option(
      '--reserve <BYTES>',
      'GPU memory that others hold, an inference engine or a reference model: 20GiB',
    )
    .option(
      '--models <LIST>',
      'models beside the trained one: reference=llama-3.1-8b:frozen, words after it trained, offloaded, whole, bf16',
    )
    .option('--json', 'print one JSON document');
}
