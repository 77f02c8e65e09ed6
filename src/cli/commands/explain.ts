import { estimate as costOf } from '../../evaluate/estimate.ts';
import { timelineOf } from '../../evaluate/timeline.ts';
import { LAUNCHABLE } from '../../frameworks/index.ts';
import { outlookOf } from '../../reliability/outlook.ts';
import { estimateTable } from '../../reporters/estimate-table.ts';
import { explanationDocument } from '../../reporters/explanation-json.ts';
import { explainPage } from '../../reporters/report/explain-report.ts';
import { timelineSvg } from '../../reporters/svg.ts';
import { traceText } from '../../reporters/trace.ts';
import { explained } from '../../session/explain.ts';
import { type Register, styleOf } from '../command.ts';
import { askedPlan, configuredOptions } from '../configured.ts';
import { failuresFrom } from '../failures.ts';
import { EXIT } from '../io.ts';
import { printWithOutlook } from '../outlook.ts';
import { IN_A_REPORT, writeReport } from '../report.ts';
import { withNotes } from '../with-notes.ts';
import { mayWritePicture, writePicture } from '../write-picture.ts';

/** Passes of a stage that a timeline in letters can show. */
const IN_LETTERS = 24;
/** Passes of a stage in a picture that can be read. */
const IN_A_PICTURE = 80;

export const explain: Register = (program, io, done) => {
  configuredOptions(
    program
      .command('explain')
      .description(
        'where each millisecond and gibibyte of one configuration goes, who serves which stage, what to change first',
      )
      .option('--trace <FILE>', 'write the step as a trace for Perfetto or chrome://tracing')
      .option('--svg <FILE>', 'write the step as a picture')
      .option(
        '--report <FILE>',
        'write a page with all of it in pictures: one HTML file that asks for nothing',
      ),
  ).action(
    async (
      model: string,
      cluster: string | undefined,
      words: readonly string[],
      flags: Record<string, unknown>,
    ) => {
      for (const name of ['trace', 'svg', 'report'])
        if (flags[name] !== undefined) mayWritePicture(String(flags[name]), `--${name}`);
      const failures = failuresFrom(flags);
      const asked = await askedPlan(model, cluster, words, flags, io);
      const { problem, plan, origin, launcher } = asked;
      const costed = costOf(problem, plan);
      const result = withNotes(asked, costed);
      // What no framework runs is compared with all there is.
      const within = launcher ?? (LAUNCHABLE.reject(problem, plan) === null ? LAUNCHABLE : null);
      const explanation = explained(problem, plan, costed, within, IN_LETTERS * costed.stages.length);
      const told = { inferred: asked.inferred, ...(asked.read === undefined ? {} : { read: asked.read }) };
      const outlook = failures === null ? null : outlookOf(problem, plan, result, failures);
      printWithOutlook(
        io,
        problem.model,
        {
          json: flags.json === true,
          document: () => explanationDocument(problem, plan, result, told, explanation, origin),
          table: () => estimateTable(problem, plan, result, told, styleOf(io), true, explanation),
        },
        outlook,
      );
      if (flags.trace !== undefined)
        writePicture(String(flags.trace), traceText(problem, timelineOf(problem, plan)), '--trace', io);
      if (flags.svg !== undefined)
        writePicture(
          String(flags.svg),
          timelineSvg(
            problem,
            timelineOf(problem, plan, IN_A_PICTURE * costed.stages.length),
            costed.stepSeconds,
          ),
          '--svg',
          io,
        );
      if (flags.report !== undefined) {
        const timeline = timelineOf(problem, plan, IN_A_REPORT);
        writeReport(
          String(flags.report),
          explainPage(problem, plan, result, { ...explanation, timeline }, origin),
          io,
        );
      }
      done(flags.check === true && result.verdict === 'does-not-fit' ? EXIT.check : EXIT.ok);
    },
  );
};
