import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vitest/config'

const seeded = fileURLToPath(new URL('fast-check.ts', import.meta.url))

/** Gives who imports `fast-check` in a test the one whose seed is set. */
export const seededProperties: Plugin = {
  name: 'seeded-properties',
  enforce: 'pre',
  resolveId(source, importer) {
    return source === 'fast-check' && importer !== seeded ? seeded : undefined
  },
}
