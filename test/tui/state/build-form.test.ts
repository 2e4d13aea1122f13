import { describe, expect, it } from 'vitest';
import { formCommand, startForm, stepField } from '../../../src/tui/state/build-form.ts';

const choicesOn = (host: string) =>
  startForm('/src', host).fields.find(({ name }) => name === 'platforms')?.choices ?? [];

describe('the platforms that the form suggests', () => {
  it.each([
    ['linux/amd64', 'linux/amd64,linux/arm64,linux/riscv64'],
    ['linux/arm64', 'linux/arm64,linux/amd64,linux/riscv64'],
    ['linux/s390x', 'linux/s390x,linux/amd64,linux/arm64'],
  ])('begin with the host, %s', (host, three) => {
    const choices = choicesOn(host);
    expect(choices[0]).toBe(host);
    expect(choices[2]).toBe(three);
    for (const choice of choices) expect(choice.split(',')[0]).toBe(host);
    expect(choices.at(-1)?.split(',').toSorted()).toEqual(
      choicesOn('linux/386').at(-1)?.split(',').toSorted(),
    );
  });

  it('are stepped through by left and right', () => {
    const form = stepField({ ...startForm('/src', 'linux/arm64'), cursor: 1 }, 1);
    expect(formCommand(form)).toEqual(['build', '--platform', 'linux/arm64,linux/amd64', '/src']);
  });
});
