/** What was found by trying: facts like others, so that recorded hosts can have them too. */
import type { EmulatorRecord } from '../../emulator/index.ts';
import type { ThoroughTrials } from './thorough.ts';

export interface Trials {
  namespace: NamespaceTrial;
  /** Programs started on the host itself, outside every namespace of mpkit's. */
  host: HostTrial[];
  /** Missing where no namespace could be made. */
  inside?: InsideTrials;
}

export interface NamespaceTrial {
  made: boolean;
  /** Why not, as the sandbox said it. */
  error?: string;
  /** The state folder was refused, not the namespace. */
  stateRefused?: boolean;
  /** Parts of /proc are masked: what to do about it. */
  maskedProc?: string;
  /** What was said on the way, for example that an id range did not work. */
  warnings: string[];
}

/** One CPU whose probe program the host's kernel was asked to execute. */
export interface HostTrial {
  architecture: string;
  /** It ran where it lies. */
  plain: boolean;
  /** It ran in an empty root folder, as in a container. */
  bare: boolean;
  detail: string;
}

export interface InsideTrials {
  ids: 'direct' | 'helper' | 'single';
  /** How many user ids the namespace has. */
  idCount: number;
  binfmt: 'private' | 'host';
  /** What kept an overlay with `userxattr` from working; empty where it works. */
  overlayError: string;
  /** Why a step has a loopback only; empty where pasta gave it more. */
  network: string;
  emulators: EmulatorRecord[];
  platforms: PlatformTrial[];
  /** Only where asked for. */
  thorough?: ThoroughTrials;
}

export interface PlatformTrial {
  platform: string;
  ran: boolean;
  kind?: 'native' | 'emulated';
  /** The version of mpkit's own emulator; missing where a handler of the host runs it. */
  version?: string;
  machine?: string;
  /** Why not. */
  error?: string;
}
