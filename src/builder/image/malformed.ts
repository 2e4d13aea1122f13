/** Why bytes are no archive; whoever reads the archive adds where. */
export class Malformed extends Error {}
