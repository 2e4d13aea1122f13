/** Owns files that go into an image: ignore rules, wildcards, digest and copy of a selection. */
export { type CopyTarget, copySelection } from './copy.ts';
export { hashSelection } from './hash.ts';
export { fdPath, findInRoot, makeFoldersInRoot } from './in-root.ts';
export {
  type ContentMemory,
  type Known,
  type KnownContent,
  knownContent,
} from './known-content.ts';
export { closeSelection, type Selected, selectFiles } from './select.ts';
export { type FileSource, openFolderSource, openUnpackedSource } from './source.ts';
