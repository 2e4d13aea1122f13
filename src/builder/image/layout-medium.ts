/** What holds the files of a layout; names are relative to it, a missing one is `not-found`. */
export interface LayoutFiles {
  /** What messages call the layout. */
  name: string;
  /** The bytes of a small file. */
  document: (name: string) => Promise<Buffer>;
  blob: (name: string) => AsyncIterable<Buffer>;
}
