#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const built = new URL('../dist/index.js', import.meta.url);
if (existsSync(built)) {
  const { main } = await import(built.href);
  process.exitCode = await main(process.argv.slice(2));
} else {
  const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
  process.stderr.write(`unseen: the program has not been built yet\n  → run 'npm ci && npm run build' in ${root}\n`);
  process.exitCode = 1;
}
