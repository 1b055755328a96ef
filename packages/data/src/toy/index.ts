export { TOY_SIZE } from './attribute-scene.ts';
export * from './attributes.ts';
export * from './captions.ts';
export * from './toy-attributes.ts';
export * from './toy-scenes.ts';
