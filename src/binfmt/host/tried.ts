/** One CPU's probe, executed as the host's programs start and from inside an empty root folder. */
import type { Cpu } from '../table.ts';
import { type Execution, executeProbe } from './execute.ts';

export interface Tried {
  here: Execution;
  empty: Execution;
}

export async function execute({ architecture }: Cpu): Promise<Tried> {
  const here = await executeProbe(architecture, 'host');
  return { here, empty: here.ran ? await executeProbe(architecture, 'empty-root') : here };
}

export function works({ here, empty }: Tried): boolean {
  return here.passed && empty.passed;
}

export function failure({ here, empty }: Tried): string {
  return here.passed ? `from inside another root folder: ${empty.detail}` : here.detail;
}
