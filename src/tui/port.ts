/** What the interface needs of the world; src/cli gives it, a test may give another. */
export interface AppPort {
  /** Where it was started: the first suggestion for a context. */
  folder: string;
  /** `linux/amd64`: this machine's. */
  platform: string;
  /** Whether it may change the handlers of the whole host. */
  isRoot: boolean;
  /** Starts a plain command: the words after `mpkit`. */
  start: (command: readonly string[], listener: JobListener) => RunningJob;
  /** Lends the terminal to a command; resolves to its exit status. */
  interactive: (command: readonly string[]) => Promise<number>;
  /** Calls when the host's handlers change. */
  watchHandlers: (changed: () => void) => HandlerWatch;
}

export interface HandlerWatch {
  /** Compares now, and calls where they changed, instead of at its next time. */
  check: () => void;
  stop: () => void;
}

export interface JobListener {
  line: (stream: 'stdout' | 'stderr', line: string) => void;
  end: (code: number, stdout: string) => void;
}

export interface RunningJob {
  stop: () => void;
}
