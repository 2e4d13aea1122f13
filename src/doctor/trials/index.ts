/** Tries on the real kernel what can be tried, outside and inside at the same time. */
import { enterNamespace } from '../../emulator/index.ts';
import { MpkitError } from '../../errors.ts';
import { tryOnHost } from './on-host.ts';
import type { InsideTrials, NamespaceTrial, Trials } from './trial.ts';

/** `argv` starts mpkit again so that the inside prints `tryInside` as JSON. */
export async function tryEverything(root: string, argv: string[]): Promise<Trials> {
  const [host, entered] = await Promise.all([tryOnHost(), tryNamespace(root, argv)]);
  return { host, ...entered };
}

async function tryNamespace(root: string, argv: string[]): Promise<Omit<Trials, 'host'>> {
  const warnings: string[] = [];
  const chunks: Buffer[] = [];
  try {
    const status = await enterNamespace({
      root,
      loans: [],
      argv,
      warn: (text) => warnings.push(text),
      onOutput: (chunk) => chunks.push(chunk),
    });
    if (status !== 0) throw new MpkitError('sandbox', `the inside ended with status ${status}`);
    const inside = JSON.parse(Buffer.concat(chunks).toString()) as InsideTrials;
    return { namespace: { made: true, warnings }, inside };
  } catch (error) {
    if (!(error instanceof MpkitError)) throw error;
    const refused = ['permission-denied', 'io', 'usage', 'disk-full'].includes(error.code);
    const namespace: NamespaceTrial = { made: false, error: error.message, warnings };
    if (error.code === 'masked-proc') namespace.maskedProc = error.hint ?? '';
    return { namespace: refused ? { ...namespace, stateRefused: true } : namespace };
  }
}
