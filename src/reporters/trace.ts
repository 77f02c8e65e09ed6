import type { Problem } from '../domain/problem.ts';
import type { Timeline, TimelineRow } from '../domain/timeline.ts';
import { GiB } from '../units/quantity.ts';
import { drawnWords, rowName } from './text-timeline.ts';

/** One event of the trace; times in microseconds. */
type TraceEvent = Readonly<Record<string, unknown>>;

/** Threads of a stage's process. */
const COMPUTE = 0;
const BESIDE = 1;
const STEP = 2;

/**
 * A timeline in the trace event format that chrome://tracing and Perfetto open ("Trace Event Format", Google, 2016): a process a stage,
 * complete events for passes, asynchronous ones for transfers, a counter for the allocated memory of one of its GPUs.
 */
export function traceText({ model, cluster }: Problem, timeline: Timeline): string {
  const events = timeline.rows.flatMap((row, pid) => [
    ...named(pid, `${rowName(timeline, row)}: ${cluster.groups[row.group]!.gpu.id}`),
    ...passes(row, pid),
    ...transfers(timeline, row, pid),
    ...timeline.ending.map(({ name, from, to }) =>
      complete(pid, STEP, name, 'end of the step', from, to, {}),
    ),
    ...row.memory.map(({ at, bytes }) => ({
      ph: 'C',
      pid,
      tid: 0,
      name: 'allocated GiB',
      ts: micro(at),
      args: { GiB: Number((bytes / GiB).toFixed(4)) },
    })),
  ]);
  const about = {
    model: model.name,
    cluster: cluster.name,
    ...(drawnWords(timeline) === '' ? {} : { drawn: drawnWords(timeline) }),
  };
  const lines = events.map((event) => JSON.stringify(event)).join(',\n');
  return `{"displayTimeUnit":"ms","otherData":${JSON.stringify(about)},"traceEvents":[\n${lines}\n]}\n`;
}

function named(pid: number, name: string): TraceEvent[] {
  const about = (what: string, tid: number, args: object) => ({ ph: 'M', pid, tid, name: what, args });
  return [
    about('process_name', 0, { name }),
    about('process_sort_index', 0, { sort_index: pid }),
    about('thread_name', COMPUTE, { name: 'compute' }),
    about('thread_name', BESIDE, { name: 'compute, sharing a slot' }),
    about('thread_name', STEP, { name: 'end of the step' }),
  ];
}

function passes({ passes: all }: TimelineRow, pid: number): TraceEvent[] {
  return all.map(({ kind, microBatch, chunk, from, to, beside }) =>
    complete(pid, beside ? BESIDE : COMPUTE, `${kind} ${microBatch}`, kind, from, to, {
      'micro-batch': microBatch,
      chunk,
    }),
  );
}

/** Several may be on the way at once: each is a track of its own. */
function transfers({ rows }: Timeline, row: TimelineRow, pid: number): TraceEvent[] {
  return row.transfers.flatMap(({ kind, microBatch, fromRow, from, to }, i) => {
    const sender = rows.find((one) => one.pipeline === row.pipeline && one.index === fromRow)!;
    const both = {
      cat: 'transfer',
      pid,
      tid: 0,
      id: `${pid}.${i}`,
      name: `${kind === 'forward' ? 'activation' : 'gradient'} ${microBatch} from ${rowName({ rows }, sender)}`,
    };
    return [
      { ph: 'b', ...both, ts: micro(from) },
      { ph: 'e', ...both, ts: micro(to) },
    ];
  });
}

function complete(
  pid: number,
  tid: number,
  name: string,
  cat: string,
  from: number,
  to: number,
  args: object,
): TraceEvent {
  return { ph: 'X', pid, tid, name, cat, ts: micro(from), dur: micro(to - from), args };
}

/** To the nanosecond. */
function micro(seconds: number): number {
  return Number((1e6 * seconds).toFixed(3));
}
