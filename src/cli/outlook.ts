import type { ModelSpec } from '../domain/model.ts';
import type { Outlook } from '../reliability/outlook.ts';
import { outlookJson, outlookText } from '../reporters/outlook.ts';
import type { EstimateDocument } from '../schema/estimate.ts';
import { styleOf } from './command.ts';
import { type Io, printJson } from './io.ts';

/** One configuration as JSON or as a table, and what failures leave of it, where they are known. */
export function printWithOutlook(
  io: Io,
  model: Pick<ModelSpec, 'unit'>,
  asked: { readonly json: boolean; document(): EstimateDocument; table(): string },
  outlook: Outlook | null,
): void {
  if (asked.json) {
    const document = asked.document();
    printJson(io, outlook === null ? document : { ...document, outlook: outlookJson(model, outlook) });
    return;
  }
  io.stdout(asked.table());
  if (outlook !== null) io.stdout(outlookText(model, outlook, styleOf(io)));
}
