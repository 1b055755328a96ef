export * from './train-fasttext.ts';
