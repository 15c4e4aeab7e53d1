import shared from '@yuzuru/tooling/vitest'
import { mergeConfig } from 'vitest/config'

/** Each example is a process of its own; more of them at once would only wait for each other. */
export default mergeConfig(shared, { test: { maxConcurrency: 2 } })
