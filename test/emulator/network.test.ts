import { describe, expect, it } from 'vitest';
import { resolverFile } from '../../src/emulator/network.ts';

const host = 'search example.org\nnameserver 127.0.0.53\nnameserver 192.0.2.53\noptions edns0\n';

describe('the resolv.conf of a step', () => {
  it("is the host's on the host's network", () => {
    expect(resolverFile('host', host)).toBe(host);
  });

  it('asks pasta in a network of its own, whose servers may be out of reach there', () => {
    expect(resolverFile('joined', host)).toBe(
      'search example.org\noptions edns0\nnameserver 169.254.1.1\n',
    );
  });

  it('is empty where there is a loopback only', () => {
    expect(resolverFile('none', host)).toBe('');
  });
});
