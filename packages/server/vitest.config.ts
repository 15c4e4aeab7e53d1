import base from '@yuzuru/tooling/vitest'
import { mergeConfig } from 'vitest/config'

export default mergeConfig(base, { test: { globalSetup: ['test/postgres.ts'] } })
