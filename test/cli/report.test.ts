import { describe, expect, it } from 'vitest';
import { exitCodeOf, reportError } from '../../src/cli/report.ts';
import { MpkitError } from '../../src/errors.ts';

const text = 'FROM base\nRUN one && \\\n  two\nRUN three\n';
const location = { file: 'Dockerfile', startLine: 2, endLine: 3, text };

describe('the report of an error', () => {
  it('has message, excerpt, last output and hint', () => {
    const error = new MpkitError('step-failed', '`one` exited with 3', {
      location,
      output: ['line', '\u001b[2Jevil'],
      hint: 'try again',
    });
    error.step = 'linux/arm64 2/3';
    expect(reportError(error)).toBe(
      [
        'mpkit: [linux/arm64 2/3] `one` exited with 3',
        'Dockerfile:2',
        '    1 | FROM base',
        '>>> 2 | RUN one && \\',
        '>>> 3 |   two',
        '    4 | RUN three',
        'last output:',
        '  | line',
        '  | evil',
        'hint: try again',
        '',
      ].join('\n'),
    );
  });

  it('is one line where there is nothing more to say', () => {
    expect(reportError(new MpkitError('usage', 'unknown flag'))).toBe('mpkit: unknown flag\n');
  });

  it('stays bounded for an endless instruction', () => {
    const long = Array.from({ length: 5000 }, (_, n) => `line ${n}`).join('\n');
    const error = new MpkitError('step-failed', 'x', {
      location: { file: 'D', startLine: 1, endLine: 5000, text: long },
    });
    expect(reportError(error).split('\n').length).toBeLessThan(15);
  });

  it.each([
    ['usage', 2],
    ['step-failed', 1],
    ['no-emulator', 3],
    ['interrupted', 130],
  ] as const)('gives %s the exit status %i', (code, status) => {
    expect(exitCodeOf(new MpkitError(code, ''))).toBe(status);
  });

  it('keeps the stack of a bug', () => {
    expect(reportError(new Error('boom'))).toMatch(/internal error[\s\S]*report\.test/);
  });
});
