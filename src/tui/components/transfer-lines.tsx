/** A line for each thing that is being moved; none for what is over at once. */
import { shownTransfers, type Transfers } from '../state/transfers.ts';
import { transferText } from '../transfer-text.ts';

/** For a place of so many rows, of which the steps need most. */
export function transferLines(transfers: Transfers, now: number, rows: number): string[] {
  const shown = shownTransfers(transfers, now).slice(0, rows < 16 ? 1 : 3);
  return shown.map((each) => `=> ${transferText(each, now)}`);
}
