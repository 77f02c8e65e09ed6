import { closed, count, list, number, orNull, text, texts } from '../document/shapes.ts';
import { shared } from '../document/shared.ts';
import { throughput } from './throughput.ts';

/** Beside a plan where --mtbf says how often GPUs fail. */
export const outlook = shared(
  'outlook',
  closed(
    {
      goodput: number,
      meanTimeToFailureSeconds: number,
      restartSeconds: number,
      checkpoint: closed({
        bytes: number,
        stallSeconds: number,
        writeSeconds: number,
        intervalSeconds: number,
        youngSeconds: number,
        dalySeconds: number,
      }),
      shortage: orNull(closed({ share: number, waitSeconds: number })),
      congestion: orNull(closed({ share: number, stepTimeSeconds: number })),
      blastRadii: list(
        closed({ group: text, of: { enum: ['host', 'rack'] }, gpus: count, copies: count, ofCopies: count }),
      ),
      assumptions: texts,
    },
    throughput(number),
  ),
);
