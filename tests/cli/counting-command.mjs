// The built command with the method of counting.mjs alone.
import { main } from '@unseen/cli';
import { count } from './counting.mjs';

process.exitCode = await main(process.argv.slice(2), { methods: async () => ({ count }) });
