import shared from '@yuzuru/tooling/vitest'
import { mergeConfig, type ViteUserConfig } from 'vitest/config'

/** `pnpm coverage`, and the tests of `.ci/run`: also of the processes and threads that the tests start. */
const config: ViteUserConfig = mergeConfig(shared, {
  test: {
    // They look at what there is one of in a process: the task tree, the leftovers, the signals.
    isolate: true,
    coverage: {
      enabled: process.env['YUZURU_COVERAGE'] === '1',
      provider: 'custom',
      customProviderModule: './test/coverage-provider.ts',
      autoAttachSubprocess: true,
      include: ['src/**/*.ts'],
      // It is handed to its thread as text, which V8 counts under no file's name.
      exclude: ['src/inspect/watch-heartbeat.ts'],
      reporter: [['text', { skipFull: true }]],
      thresholds: { lines: 98, branches: 98 },
    },
  },
})

export default config
