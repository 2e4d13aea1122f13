/**
 * Every failure a user can meet is an `MpkitError`: a stable code, facts, and the one thing to do.
 * A bug throws a plain `Error`. Layers add facts; only `cli/report.ts` lays out prose.
 */
export class MpkitError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  /** Where in a user's text the failure belongs; lines count from 1. */
  location: SourceLocation | undefined;
  /** Further failures of the same text, found in the same reading. */
  others: MpkitError[] = [];
  /** Platform and step, as the log names them. */
  step: string | undefined;
  /** The last output of the step that failed, already cleaned for a terminal. */
  output: string[] | undefined;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = 'MpkitError';
    this.code = code;
    this.hint = facts.hint;
    this.location = facts.location;
    this.output = facts.output;
  }

  /** Exit status: 1 failed, 2 usage, 3 this host cannot do it, 128+n stopped by signal n. */
  get exitCode(): number {
    return exitCodes[this.code];
  }
}

export interface SourceLocation {
  file: string;
  /** First and last line of the instruction, from 1. */
  startLine: number;
  endLine: number;
  /** The whole text of the file, for the excerpt. */
  text: string;
}

export interface ErrorFacts {
  hint?: string | undefined;
  location?: SourceLocation | undefined;
  output?: string[] | undefined;
  cause?: unknown;
}

const exitCodes = {
  usage: 2,
  'dockerfile-syntax': 1,
  'not-supported': 1,
  'not-found': 1,
  'no-platform': 1,
  'context-escape': 1,
  'step-failed': 1,
  'command-missing': 1,
  'command-refused': 1,
  'step-timeout': 1,
  'untruthful-image': 1,
  'invalid-image': 1,
  'invalid-input': 1,
  corrupt: 1,
  'disk-full': 1,
  'permission-denied': 1,
  io: 1,
  sandbox: 1,
  'no-emulator': 3,
  'emulator-broken': 3,
  'host-unable': 3,
  'masked-proc': 3,
  network: 1,
  interrupted: 130,
  terminated: 143,
} as const;

export type ErrorCode = keyof typeof exitCodes;

/** Turns what Node threw at an I/O boundary into an error that says what to do. */
export function ioError(error: unknown, action: string): MpkitError {
  if (error instanceof MpkitError) return error;
  const { code } = error as NodeJS.ErrnoException;
  // the descriptor that an object was reached through tells nobody anything
  const message = (error as Error).message.replaceAll(/\/proc\/self\/fd\/\d+\/?/g, '');
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new MpkitError('disk-full', `no space left while ${action}`, {
      hint: 'free some space or point `--root` (or MPKIT_ROOT) at a larger disk; finished steps are kept',
      cause: error,
    });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new MpkitError('permission-denied', `not permitted while ${action}: ${message}`, {
      cause: error,
    });
  return new MpkitError('io', `failed while ${action}: ${message}`, { cause: error });
}
