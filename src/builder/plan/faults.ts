/** All that is wrong with a Dockerfile, told at once, but nothing that may only follow from the rest. */
import { MpkitError } from '../../errors.ts';
import type { Fault, Instruction } from '../dockerfile/index.ts';

export interface Faults {
  /** Gives undefined where the action failed; its error then has the instruction's place. */
  attempt<T>(about: About | undefined, action: () => T | Promise<T>): Promise<T | undefined>;
  /** Throws the first fault of the file, with the others beside it. */
  throwAny(): void;
}

type About = Pick<Instruction, 'kind' | 'location' | 'original'>;

export function collectFaults(read: Fault[]): Faults {
  const found = read.map(({ error }) => error);
  const areStagesSure = read.every(({ hides }) => hides !== 'stages');
  let areVariablesSure = read.every(({ hides }) => hides === undefined);
  const isConsequence = (about: About | undefined) =>
    (!areVariablesSure && about?.original.includes('$')) || (!areStagesSure && namesStage(about));
  return {
    attempt: async (about, action) => {
      try {
        return await action();
      } catch (error) {
        if (!(error instanceof MpkitError)) throw error;
        error.location ??= about?.location;
        // each platform finds them again
        const isNew = !found.some((each) => isSame(each, error));
        if (isNew && !isConsequence(about)) found.push(error);
        if (about && ['from', 'arg', 'env'].includes(about.kind)) areVariablesSure = false;
        return undefined;
      }
    },
    throwAny: () => {
      const [first, ...others] = found.sort((a, b) => lineOf(a) - lineOf(b));
      if (first) throw Object.assign(first, { others });
    },
  };
}

/** Which the build's target does, too. */
function namesStage(about: About | undefined): boolean {
  return (
    !about || about.kind === 'from' || (about.kind === 'copy' && /--from/.test(about.original))
  );
}

function isSame(a: MpkitError, b: MpkitError): boolean {
  return a.message === b.message && lineOf(a) === lineOf(b);
}

function lineOf({ location }: MpkitError): number {
  return location?.startLine ?? 0;
}
