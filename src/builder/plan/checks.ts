/** Values of EXPOSE and STOPSIGNAL. */
import { constants } from 'node:os';
import { MpkitError } from '../../errors.ts';

/** `8000-8002/TCP` → `8000/tcp` …; an address or a host port in front is dropped. */
export function parsePort(text: string): string[] {
  const [ports = '', protocol = 'tcp', ...more] = text.split('/');
  const own = ports.slice(ports.lastIndexOf(':') + 1);
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(own);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (
    !match ||
    more.length > 0 ||
    last > 65535 ||
    last < first ||
    !/^(tcp|udp|sctp)$/i.test(protocol)
  )
    throw new MpkitError('dockerfile-syntax', `invalid port \`${text}\``, {
      hint: 'expected PORT or FIRST-LAST, with /tcp, /udp or /sctp',
    });
  return Array.from(
    { length: last - first + 1 },
    (_, n) => `${first + n}/${protocol.toLowerCase()}`,
  );
}

/** Kept as typed: `SIGTERM`, `TERM`, `15` or `SIGRTMIN+3`. */
export function parseSignal(text: string): string {
  const name = text.toUpperCase().replace(/^SIG/, '');
  const isNumber = /^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= 64;
  const isName = `SIG${name}` in constants.signals || /^RTM(IN|AX)([+-]\d{1,2})?$/.test(name);
  if (isNumber || isName) return text;
  throw new MpkitError('dockerfile-syntax', `unknown signal \`${text}\``);
}
