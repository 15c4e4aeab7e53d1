import { fileURLToPath } from 'node:url'

/**
 * Has Node keep what it has made of the TypeScript that it loads, for all processes and threads that a test starts: without that each
 * of them takes the types out of the packages anew, which was a quarter of the processor time of a file of such tests.
 */
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(
  new URL('../../node_modules/.cache/node', import.meta.url),
)
