import { whole } from '../plan-text/whole.ts';
import { span } from '../reporters/outlook.ts';
import type { Progress, SearchOptions } from '../search/space/options.ts';
import { formatInteger, formatPercent, formatSeconds } from '../units/format.ts';
import type { Io } from './io.ts';
import type { Settings } from './settings.ts';

const SHOWN_EVERY_MS = 200;
/** Where nobody watches a line change: often enough to see that it lives. */
const HEARTBEAT_MS = 30_000;
const BREATHE_EVERY_MS = 50;

/** What is done now of all that was asked: its name, the share done before, and what it is of all. */
interface Doing {
  readonly what: string;
  readonly share: number;
  readonly part: number;
}

/** One or several searches as the user watches them: stopped by a signal or when their time is over, their progress shown. */
export interface Watch {
  readonly interrupted: SearchOptions['interrupted'];
  /** The same for the first of so many searches that share the time that is left. */
  interruptedFirstOf(searches: number): SearchOptions['interrupted'];
  readonly progress: (progress: Progress) => void;
  readonly pause: () => Promise<void> | null;
  at(doing: Doing): void;
  /** Clears the line. */
  end(): void;
}

/** `seconds`: --time-limit, for all searches together. */
export function watchOf(io: Io, { quiet, seconds }: { quiet: boolean; seconds: number }): Watch {
  const started = io.now();
  const end = started + 1000 * seconds;
  let shown = started;
  let breathed = started;
  let doing: Doing = { what: '', share: 0, part: 1 };
  let known: Progress = { evaluated: 0, share: 0, bestSeconds: null };
  const before = (limit: number) => () =>
    io.interrupted() ? 'interrupt' : io.now() > limit ? 'time-limit' : null;
  const show = () => {
    const now = io.now();
    if (quiet || now - shown < (io.terminal ? SHOWN_EVERY_MS : HEARTBEAT_MS)) return;
    shown = now;
    const words = progressWords((now - started) / 1000, doing, known);
    // A line that wraps could not be cleared.
    io.stderr(io.terminal ? `\r${words.slice(0, (io.errorColumns ?? 80) - 1)}\u001b[K` : `${words}\n`);
  };
  return {
    interrupted: before(end),
    interruptedFirstOf: (searches) =>
      before(end === Number.POSITIVE_INFINITY ? end : io.now() + (end - io.now()) / searches),
    progress(progress) {
      known = progress;
      show();
    },
    pause() {
      show();
      if (io.now() - breathed < BREATHE_EVERY_MS) return null;
      return io.breathe().then(() => {
        breathed = io.now();
      });
    },
    at(next) {
      if (next.what !== doing.what) known = { evaluated: 0, share: 0, bestSeconds: null };
      doing = next;
    },
    end() {
      if (io.terminal && shown !== started) io.stderr('\r\u001b[K');
    },
  };
}

/** `12 s, 35.0% done, about 22 s left; at most 96 GPUs: 1,234 costed, best 4.21 s`. */
function progressWords(
  elapsed: number,
  { what, share, part }: Doing,
  { evaluated, share: inside, bestSeconds }: Progress,
): string {
  const done = share + part * inside;
  const left = done > 0 ? `, about ${span((elapsed * (1 - done)) / done)} left` : '';
  const best = bestSeconds === null ? 'none yet' : `best ${formatSeconds(bestSeconds)}`;
  return `${span(elapsed)}, ${formatPercent(done)} done${left}; ${what === '' ? '' : `${what}: `}${formatInteger(evaluated)} costed, ${best}`;
}

/** Seconds; infinite where --time-limit is not given. */
export function timeLimitFrom(s: Settings): number {
  const said = s['time-limit'];
  return said === undefined ? Number.POSITIVE_INFINITY : whole('--time-limit', said);
}
