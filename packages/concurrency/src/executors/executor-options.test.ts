import { fileURLToPath } from 'node:url'
import { availableParallelism } from 'node:os'
import { describe, expect, test } from 'vitest'
import { executorSettings } from './executor-options.ts'

const module = new URL('jobs.ts', import.meta.url)

describe('the options of an executor', () => {
  test('have defaults', () => {
    expect(executorSettings({ module }, 'threads')).toEqual({
      module: module.href,
      workers: Math.min(32, availableParallelism() + 4),
      queue: 1000,
      acquireTimeoutMs: Infinity,
      graceMs: 1000,
      idleMs: 30_000,
      maxHeapMb: undefined,
      effect: 'write',
      context: undefined,
      env: process.env,
      execArgv: undefined,
    })
  })

  test('have a process for each core', () => {
    expect(executorSettings({ module }, 'processes').workers).toBe(availableParallelism())
  })

  test('take the module as a URL, its text, or an absolute path', () => {
    for (const each of [module, module.href, fileURLToPath(module)]) {
      expect(executorSettings({ module: each }, 'threads').module).toBe(module.href)
    }
  })

  test.each(['jobs.ts', 'file://[', 'node:fs', new URL('data:,'), 1])(
    'refuse %o as a module',
    (each) => {
      expect(() => executorSettings({ module: each as string }, 'threads')).toThrow(
        'Expected module to be a file: URL or an absolute path, got',
      )
    },
  )
})
