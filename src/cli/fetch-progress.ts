/** How a command that may fetch emulators says so, on stderr. */
import { MpkitError } from '../errors.ts';
import { printedJson } from '../printed-json.ts';
import type { EmitTransfer } from '../transfer.ts';
import { openStatusLine, type StatusStream } from '../tui/status-line.ts';

export type FetchProgressMode = 'auto' | 'rawjson' | 'quiet';

export interface FetchProgress {
  onProgress: (text: string) => void;
  onTransfer: EmitTransfer;
  /** Said in every mode. */
  warn: (text: string) => void;
  /** The terminal as it was. */
  close: () => void;
}

/** `prefix` begins every line of text. */
export function openFetchProgress(
  mode: FetchProgressMode,
  stream: StatusStream,
  prefix = '',
): FetchProgress {
  const status = openStatusLine(stream, prefix);
  const json = (event: object) => void stream.write(`${printedJson(event)}\n`);
  const told: Pick<FetchProgress, 'onProgress' | 'onTransfer'> =
    mode === 'rawjson'
      ? { onProgress: (text) => json({ type: 'notice', text }), onTransfer: json }
      : mode === 'quiet'
        ? { onProgress: () => {}, onTransfer: () => {} }
        : { onProgress: status.say, onTransfer: status.transfer };
  return { ...told, warn: (text) => status.say(`warning: ${text}`), close: status.clear };
}

export function readFetchProgress(word = 'auto'): FetchProgressMode {
  if (word === 'auto' || word === 'rawjson' || word === 'quiet') return word;
  throw new MpkitError('usage', `invalid progress \`${word}\`: expected auto, rawjson or quiet`);
}
