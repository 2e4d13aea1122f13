export function cpuModel(_a: string, _v: string): string | undefined {
  return undefined;
}
