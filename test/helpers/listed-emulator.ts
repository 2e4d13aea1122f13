/** One of `mpkit emulator ls --json`, as far as tests look at it. */
export interface ListedEmulator {
  architecture: string;
  version: string;
  digest: string;
  cpu: string;
  used: boolean;
  chosen: boolean;
}
