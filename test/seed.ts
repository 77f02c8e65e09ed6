import fc from 'fast-check';

/** Random problems are the same ones in every run, so that what passed passes again; SEED=<integer> draws others. */
fc.configureGlobal({ seed: Number(process.env.SEED ?? 1) });
