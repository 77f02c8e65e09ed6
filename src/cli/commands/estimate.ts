import { estimate as costOf } from '../../evaluate/estimate.ts';
import { outlookOf } from '../../reliability/outlook.ts';
import { estimateTable } from '../../reporters/estimate-table.ts';
import { estimateDocument } from '../../reporters/plan-json.ts';
import { type Register, styleOf } from '../command.ts';
import { askedPlan, configuredOptions } from '../configured.ts';
import { failuresFrom } from '../failures.ts';
import { EXIT } from '../io.ts';
import { printWithOutlook } from '../outlook.ts';
import { withNotes } from '../with-notes.ts';

export const estimate: Register = (program, io, done) => {
  configuredOptions(
    program.command('estimate').description('memory and time of one configuration, part by part'),
  ).action(
    async (
      model: string,
      cluster: string | undefined,
      words: readonly string[],
      flags: Record<string, unknown>,
    ) => {
      const failures = failuresFrom(flags);
      const asked = await askedPlan(model, cluster, words, flags, io);
      const { problem, plan, origin } = asked;
      const costed = costOf(problem, plan);
      const result = withNotes(asked, costed);
      const told = { inferred: asked.inferred, ...(asked.read === undefined ? {} : { read: asked.read }) };
      const outlook = failures === null ? null : outlookOf(problem, plan, result, failures);
      printWithOutlook(
        io,
        problem.model,
        {
          json: flags.json === true,
          document: () => estimateDocument(problem, plan, result, told, origin),
          table: () => estimateTable(problem, plan, result, told, styleOf(io), false),
        },
        outlook,
      );
      done(flags.check === true && result.verdict === 'does-not-fit' ? EXIT.check : EXIT.ok);
    },
  );
};
