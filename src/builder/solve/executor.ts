/** What the operations need to do their work; made once for a build. */
import type { Runners, Scratch } from '../../emulator/index.ts';
import type { FileSource } from '../context/index.ts';
import type { Emit } from '../events.ts';
import type { Blobs, Layout, ResolvedImage } from '../image/index.ts';
import type { LayerStore, Snapshot, SnapshotMounts } from '../snapshot/index.ts';
import type { StepCache } from './cache.ts';

export interface Executor {
  root: string;
  scratch: Scratch;
  layers: LayerStore;
  mounts: SnapshotMounts;
  blobs: Blobs;
  cache: StepCache;
  runners: Runners;
  /** A named context's files; `''` is the build context. */
  fileSource: (name: string) => FileSource;
  /** A named context's image, as the plan resolved it, by manifest digest. */
  image: (manifest: string) => { layout: Layout; resolved: ResolvedImage };
  /** Reaches RUN steps without being part of any key. */
  proxies: [name: string, value: string][];
  /** Seconds that one RUN may take; 0 or undefined for any time. */
  runTimeout?: number | undefined;
  /** Bytes that the processes of one RUN may have together; 0 or undefined for any number. */
  memory?: number | undefined;
  noCache: boolean;
  /** Only one id is mapped: owners in layers cannot be kept. */
  singleId: boolean;
  emit: Emit;
  signal: AbortSignal;
}

/** The identity of what an operation got and did, and how to do it. */
export interface Work {
  /** Everything that decides the result, as far as it is known before. */
  key: unknown;
  /** Fills a writable layer over the first input; returns the key of what it really did, if it differs. */
  perform: (mount: { rootFd: number; folder: string }) => Promise<unknown> | unknown;
  /** The mount points of a step are put below the image. */
  stub?: boolean;
  /** Frees what `key` needed. */
  close?: () => void;
}

export type Inputs = Snapshot[];
