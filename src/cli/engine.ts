import v8 from 'node:v8';

/** Of which V8 the flags below are known. */
const V8 = '11.';

/**
 * A command runs for seconds: by the engine's usual measure a third of its CPU time goes into optimising functions that are soon
 * done with, and their callers once more with these inlined. Fewer are compiled here, and smaller ones.
 */
if (process.versions.v8.startsWith(V8)) {
  v8.setFlagsFromString('--interrupt-budget=1000000');
  v8.setFlagsFromString('--max-inlined-bytecode-size-cumulative=200');
}
