import './compile-cache.ts'
import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { seededProperties } from './seeded-properties.ts'

/** What every package's tests share. The JSON report is what `pnpm guarantees` reads. */
const config: ViteUserConfig = defineConfig({
  plugins: [seededProperties],
  test: {
    include: ['src/**/*.test.ts', 'src/**/*.test.tsx'],
    // The files of a package share a process: to start one, and to load the package in it, takes longer than most files do.
    isolate: false,
    reporters: ['default', ['json', { outputFile: '.vitest/results.json' }]],
    // A last resort and not a bar: a busy machine is not a failure.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Vitest's own second is a bar: it asks again until the time limit of the test.
    expect: { poll: { timeout: 100_000, interval: 20 } },
    unstubEnvs: true,
    restoreMocks: true,
  },
})

export default config
