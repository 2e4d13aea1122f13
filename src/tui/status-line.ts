/**
 * What a command is doing, on stderr, without a view: on a terminal one line that is drawn anew,
 * elsewhere a line every few seconds.
 */
import type { TransferEvent } from '../transfer.ts';
import { cleanName } from './clean.ts';
import { isWorthALine } from './state/transfers.ts';
import { createTransferLog } from './transfer-log.ts';
import { transferText } from './transfer-text.ts';

export interface StatusLine {
  /** What goes on now, in the place of what went on before. */
  show: (text: string) => void;
  /** A line that stays. */
  say: (text: string) => void;
  transfer: (event: TransferEvent) => void;
  /** Nothing goes on any more. */
  clear: () => void;
}

export type StatusStream = Partial<Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>> & {
  write: (text: string) => unknown;
};

/** Milliseconds between two lines in a log. */
const interval = 5000;

/** `prefix` begins every line. */
export function openStatusLine(stream: StatusStream, prefix = ''): StatusLine {
  const isLive = stream.isTTY && process.env.TERM !== 'dumb';
  let isShown = false;
  let due = 0;
  const clear = () => {
    if (isShown) stream.write('\r\u001b[K');
    isShown = false;
  };
  const say = (text: string) => {
    clear();
    stream.write(`${prefix}${cleanName(text)}\n`);
  };
  const draw = (text: string) => {
    const width = (stream.columns || 80) - 1;
    stream.write(`\r\u001b[K${`${prefix}${cleanName(text)}`.slice(0, width)}`);
    isShown = true;
  };
  const show = (text: string) => {
    if (isLive) return draw(text);
    const now = Date.now();
    if (now < due) return;
    due = now + interval;
    say(text);
  };
  const log = createTransferLog();
  const transfer = (event: TransferEvent) => {
    const { state, line } = log(event);
    if (event.end) clear();
    if (isLive && !event.end) {
      if (isWorthALine(state, event.at)) draw(transferText(state, event.at));
    } else if (line !== undefined) say(line);
  };
  return { show, say, transfer, clear };
}
