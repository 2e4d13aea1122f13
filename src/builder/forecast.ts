/** The plan that is shown before the first step: what executes foreign code, and by what. */
import { chooseNetwork, type Runners, type Scratch } from '../emulator/index.ts';
import { formatPlatform } from '../platform.ts';
import type { PlannedPlatform, PlannedStep, VertexLabel } from './events.ts';
import { allVertices, type PlannedImage } from './plan/index.ts';

export async function forecastPlan(
  images: PlannedImage[],
  runners: Runners,
): Promise<PlannedPlatform[]> {
  const platforms: PlannedPlatform[] = [];
  for (const { platform, vertex } of images) {
    const steps: PlannedStep[] = [];
    const vertices: VertexLabel[] = [];
    for (const { op, label } of allVertices([vertex])) {
      if (op.kind !== 'scratch') vertices.push(label);
      if (op.kind !== 'run') continue;
      const { kind, emulator } = await runners.forecast(op.platform);
      steps.push({
        label,
        platform: formatPlatform(op.platform),
        kind,
        ...(emulator ? { emulator: `QEMU ${emulator.version}` } : {}),
      });
    }
    platforms.push({ platform: formatPlatform(platform), vertices, steps });
  }
  return platforms;
}

/** One line for each kind of network that steps ask for, and what to know of it. */
export function forecastNetworks(images: PlannedImage[], scratch: Scratch): string[] {
  const ops = allVertices(images.map(({ vertex }) => vertex)).map(({ op }) => op);
  const asked = new Set(ops.flatMap((op) => (op.kind === 'run' ? [op.network] : [])));
  return [...asked].flatMap((each) => {
    const { description, notice } = chooseNetwork(each, scratch);
    return [`network of steps: ${description}`, ...(notice ? [`note: ${notice}`] : [])];
  });
}
