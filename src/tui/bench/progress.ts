/** What a benchmark does, on stderr: one line rewritten on a terminal, else a line a workload. */
import type { BenchEvent } from '../../bench/index.ts';
import { cleanName } from '../clean.ts';

export function benchProgress(
  stream: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'> & { write: (text: string) => unknown },
): { emit: (event: BenchEvent) => void; close: () => void } {
  let workload = '';
  const live = stream.isTTY && process.env.TERM !== 'dumb';
  const clear = () => void (live && stream.write('\r\u001b[K'));
  const line = (text: string) => {
    clear();
    stream.write(`${text}\n`);
  };
  const emit = (event: BenchEvent) => {
    switch (event.type) {
      case 'notice':
        return line(`=> ${cleanName(event.text)}`);
      case 'target':
        return line(`=> measures ${cleanName(event.target)}`);
      case 'failed':
        return line(`=> ${cleanName(`${event.target}: ${event.message}`)}`);
      case 'calibrated':
        if (event.workload !== workload && !live) line(`=> ${event.workload}`);
        workload = event.workload;
        return;
      case 'sample':
        if (!live) return;
        clear();
        stream.write(
          `${event.at}/${event.of} ${event.workload} ${event.target}`.slice(
            0,
            (stream.columns ?? 80) - 1,
          ),
        );
    }
  };
  return { emit, close: clear };
}
