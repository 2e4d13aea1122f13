import type { BuildEvent, PlannedPlatform, VertexLabel } from '../../src/builder/events.ts';
import { type BuildState, reduceBuild, startBuild } from '../../src/tui/state/build.ts';

export function label(platform: string, step: string, text: string): VertexLabel {
  return { id: `${platform} ${step}`, platform, step, text };
}

export const arm64 = {
  base: label('linux/arm64', '1/3', 'FROM base'),
  copy: label('linux/arm64', '2/3', 'COPY . /src'),
  run: label('linux/arm64', '3/3', 'RUN make'),
};
export const amd64 = {
  base: label('linux/amd64', '1/3', 'FROM base'),
  copy: label('linux/amd64', '2/3', 'COPY . /src'),
  run: label('linux/amd64', '3/3', 'RUN make'),
};

export const plannedPlatforms: PlannedPlatform[] = [
  {
    platform: 'linux/amd64',
    vertices: Object.values(amd64),
    steps: [{ label: amd64.run, platform: 'linux/amd64', kind: 'native' }],
  },
  {
    platform: 'linux/arm64',
    vertices: Object.values(arm64),
    steps: [
      { label: arm64.run, platform: 'linux/arm64', kind: 'emulated', emulator: 'QEMU 11.1.3' },
    ],
  },
];

export const plan: BuildEvent = { type: 'plan', platforms: plannedPlatforms };

export function stateAfter(...events: Parameters<typeof reduceBuild>[1][]): BuildState {
  return events.reduce((state, event) => reduceBuild(state, event), startBuild(0));
}

export function log(vertex: VertexLabel, text: string, at = 0): BuildEvent {
  return { type: 'log', vertex, chunk: Buffer.from(text), at };
}
