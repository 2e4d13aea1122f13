/** What a benchmark finds, as data: `mpkit bench --json` prints exactly this. */
import type { TransferEvent } from '../transfer.ts';
import type { Position } from './course.ts';
import type { Spread } from './statistics.ts';

export interface BenchReport {
  version: 1;
  /** ISO 8601. */
  measured: string;
  host: { platform: string; kernel: string; cpus: number };
  /** Turns: each target was measured once in each, for each workload. */
  samples: number;
  /** The first is the host's own CPU. */
  targets: TargetReport[];
}

export interface TargetReport {
  name: string;
  platform: string;
  kind: 'native' | 'emulated';
  emulator?: { version: string; digest: string };
  /** As in QEMU_CPU; `default` where the emulator chose. */
  cpu?: string;
  /** Nanoseconds that starting one program takes longer than natively. */
  startup?: Spread;
  /** How many times slower than native over all workloads: the geometric mean of each turn. */
  overall?: Spread;
  results: WorkloadReport[];
}

export type WorkloadReport =
  | {
      workload: string;
      /** Of one round. */
      nanoseconds: Spread;
      /** How many times slower than native. */
      ratio?: Spread;
      /** Rounds of one sample. */
      rounds: number;
    }
  | { workload: string; failure: string };

/** What happens while measuring; a sample's nanoseconds are those of one of its rounds. */
export type BenchEvent =
  | { type: 'target'; target: string; kind: 'native' | 'emulated' }
  | ({ type: 'calibrated'; workload: string; target: string; rounds: number } & Position)
  | ({ type: 'sample'; workload: string; target: string; nanoseconds: number } & Position)
  | { type: 'failed'; workload: string; target: string; message: string }
  | { type: 'notice'; text: string }
  | TransferEvent;

export type EmitBench = (event: BenchEvent) => void;
