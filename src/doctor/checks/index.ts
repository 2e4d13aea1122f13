/** All checks, in the order in which a person wants to read them. */
import type { Check } from '../finding.ts';
import { binfmtMiscChecks } from './binfmt-misc.ts';
import { binfmtToolsCheck } from './binfmt-tools.ts';
import { cgroupCheck } from './cgroups.ts';
import { cpuCheck } from './cpu.ts';
import { emulatorChecks } from './emulators.ts';
import { handlersCheck } from './handlers.ts';
import { idChecks } from './ids.ts';
import { kernelChecks } from './kernel.ts';
import { neighboursCheck } from './neighbours.ts';
import { sandboxChecks } from './sandbox.ts';
import { stateChecks } from './state.ts';
import { surroundingsCheck } from './surroundings.ts';
import { userNamespaceChecks } from './user-namespaces.ts';

export const checks: readonly Check[] = [
  surroundingsCheck,
  cpuCheck,
  ...kernelChecks,
  ...userNamespaceChecks,
  ...idChecks,
  ...sandboxChecks,
  cgroupCheck,
  ...binfmtMiscChecks,
  binfmtToolsCheck,
  handlersCheck,
  ...emulatorChecks,
  ...stateChecks,
  neighboursCheck,
];
