export * from './build-class-table.ts';
export * from './class-table.ts';
export * from './class-table-file.ts';
export * from './multi-word.ts';
export * from './recipe.ts';
export * from './train-fasttext.ts';
