/** What is used unasked: what somebody chose, else the newest with the model of the table. Pure. */
import { chooseEmulator } from './choose.ts';
import { cpuModel, defaultCpu } from './cpu-model.ts';
import type { KeptChoice, KeptChoices } from './kept.ts';
import type { EmulatorRecord } from './record.ts';

/** The chosen emulator where it is stored, else the newest; undefined where there is none. */
export function usedEmulator(
  emulators: readonly EmulatorRecord[],
  architecture: string,
  { [architecture]: kept }: KeptChoices,
): EmulatorRecord | undefined {
  const chosen = kept && chooseEmulator(emulators, architecture, kept.digest);
  return chosen ?? chooseEmulator(emulators, architecture);
}

/** The model that an emulator gets: what was kept for exactly it, else the table's. */
export function usedModel(emulator: EmulatorRecord, kept: KeptChoice | undefined): string {
  const own = kept?.digest === emulator.digest ? kept.cpu : undefined;
  return own ?? cpuModel(emulator.architecture, emulator.version) ?? defaultCpu;
}
