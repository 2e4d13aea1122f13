/**
 * The Dockerfile language: text to nodes, nodes to typed instructions, words to values. It does no
 * I/O, resolves no image and decides nothing about the build.
 */
export { expandWord, expandWords, type Variables } from './expand.ts';
export type * from './instructions.ts';
export { type Dockerfile, type DockerfileNode, parseDockerfile } from './parse.ts';
export { type Fault, readStages, type Stage, type Stages } from './stages.ts';
export { didYouMean } from './suggest.ts';
