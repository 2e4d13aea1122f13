import { afterAll } from 'vitest';
import { emulatorState } from '../../helpers/fixtures.ts';
import { type Outcome, type Project, project } from '../../helpers/mpkit.ts';
import type { PrivateHost } from '../../helpers/private-host.ts';

/** Commands on a private host, each time with emulators in a state folder of their own. */
export function freshSteps(host: PrivateHost): (...commands: string[]) => Promise<Outcome[]> {
  const projects: Project[] = [];
  afterAll(() => projects.forEach((each) => void each.remove()));
  return (...commands) => {
    const made = project();
    projects.push(made);
    emulatorState(made);
    return host.steps(made, ...commands);
  };
}
