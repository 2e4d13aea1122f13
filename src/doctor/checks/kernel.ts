/** The two versions that matter: flag F came with Linux 4.8, private instances with 6.7. */

import { isKernelAtLeast } from '../../kernel-release.ts';
import type { HostFacts } from '../facts.ts';
import type { Check, Finding } from '../finding.ts';

export const kernelChecks: Check[] = [
  {
    id: 'kernel.flag-f',
    title: 'the kernel keeps interpreters open (flag F, Linux 4.8)',
    run: (host) => [
      judge(host, 'kernel.flag-f', [4, 8], 'problem', {
        yes: 'handlers with flag F work in containers',
        no: 'no flag F: emulated programs cannot run in containers',
        remedy: 'Upgrade to a distribution with Linux 4.8 or later',
      }),
    ],
  },
  {
    id: 'kernel.private-binfmt',
    title: 'a user namespace may have its own handlers (Linux 6.7)',
    run: (host) => [
      judge(host, 'kernel.private-binfmt', [6, 7], 'note', {
        yes: 'builds can have handlers of their own, without root',
        no: 'before 6.7 builds depend on the handlers of the host',
        remedy: '',
      }),
    ],
  },
];

function judge(
  host: HostFacts,
  id: string,
  [major, minor]: [number, number],
  otherwise: 'problem' | 'note',
  text: { yes: string; no: string; remedy: string },
): Finding {
  const { release } = host.kernel;
  const reached = isKernelAtLeast(host, major, minor);
  if (reached === undefined)
    return { id, result: 'cannot tell', observed: `\`${release}\` names no kernel version` };
  if (reached) return { id, result: 'ok', observed: `Linux ${release}: ${text.yes}` };
  return {
    id,
    result: otherwise,
    observed: `Linux ${release}: ${text.no}`,
    ...(text.remedy ? { remedy: text.remedy } : {}),
  };
}
