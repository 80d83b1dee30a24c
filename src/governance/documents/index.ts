export type { Block, Section, WrittenDocument } from './document.ts';
export { htmlOf } from './html.ts';
export { markdownOf } from './markdown.ts';
export { type DocumentKind, documentKinds, documentOf } from './write.ts';
