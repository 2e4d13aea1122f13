/** What a build is asked to do; every path absolute, every word checked. */
import type { Platform } from '../platform.ts';

export interface BuildOptions {
  /** The state folder. */
  root: string;
  sources: BuildSources;
  /** Normalised, at least one, in the order of the index. */
  platforms: Platform[];
  /** They are this machine's because nobody named any: a last stage that names one decides. */
  arePlatformsImplicit?: boolean;
  target?: string | undefined;
  buildArgs: ReadonlyMap<string, string>;
  /** `--build-context`: files of a folder, or an image of an OCI layout. */
  contexts: ReadonlyMap<string, NamedContext>;
  network: 'default' | 'none' | 'host';
  noCache: boolean;
  /** Nothing is fetched, emulators included. */
  offline: boolean;
  tags: string[];
  outputs: OciOutput[];
  /** In force while the outputs are written. */
  umask: number;
  /** SOURCE_DATE_EPOCH in seconds; undefined keeps real times. */
  epoch: number | undefined;
  proxies: [name: string, value: string][];
  /** Seconds that one RUN may take; 0 or undefined for any time. */
  runTimeout?: number | undefined;
  /** Bytes that the processes of one RUN may have together; 0 or undefined for any number. */
  memory?: number | undefined;
  /** The limits that somebody asked for, in words: part of the plan. */
  limits?: string | undefined;
  signal: AbortSignal;
}

/** Where context and Dockerfile come from; stdin is read inside the builder's namespace. */
export type BuildSources =
  /** A folder, and a file in it or elsewhere. */
  | { kind: 'folder'; context: string; file: string }
  /** `-f -`: a folder, and the Dockerfile from stdin. */
  | { kind: 'folder-and-stdin'; context: string }
  /** `-`: an archive with both, in which `file` is named, or a Dockerfile without any context. */
  | { kind: 'stdin'; file?: string };

export type NamedContext =
  | { kind: 'folder'; path: string }
  /** `folder` is the layout, or the archive that holds one. */
  | { kind: 'image'; folder: string; archive?: true; reference?: string };

export interface OciOutput {
  type: 'oci';
  /** `-` is stdout. */
  dest: string;
  tar: boolean;
}

/** The time of an image's files when nothing else is asked: what zip and friends can still hold. */
export const defaultEpoch = 315_532_800;
