import { expect, test } from 'vitest'
import { defineJob } from './define-job.ts'

const run = async (): Promise<void> => undefined

test.each([
  [{ run }, 'Expected name'],
  [{ name: 'x'.repeat(201), run }, 'Expected name'],
  [{ name: 'x' }, 'Expected run to be a function, got undefined'],
  [{ name: 'x', run, attempts: 0 }, 'Expected attempts to be an integer from 1 to 1000, got 0'],
  [{ name: 'x', run, timeoutMs: 0 }, 'Expected timeoutMs'],
  [{ name: 'x', run, timeoutMs: Number.NaN }, 'Expected timeoutMs'],
  [{ name: 'x', run, queue: '' }, 'Expected queue to be 1 to 200 characters, got an empty string'],
  [{ name: 'x', run, priority: 2 ** 31 }, 'Expected priority'],
  [{ name: 'x', run, backoff: 5 }, 'Expected backoff'],
  [{ name: 'x', run, parse: {} }, 'Expected parse to be a function, got an instance of Object'],
  [{ name: 'x', run, uniqueKey: 'k' }, 'Expected uniqueKey'],
  [null, 'Expected the options of defineJob to be an object, got null'],
])('defineJob refuses %o', (options, message) => {
  expect(() => defineJob(options as never)).toThrow(message)
  expect(() => defineJob(options as never)).toThrow(TypeError)
})

test('defineJob fills in the defaults', () => {
  expect(defineJob({ name: 'x', run })).toMatchObject({
    name: 'x',
    queue: 'default',
    priority: 0,
    attempts: 5,
    timeoutMs: 300_000,
  })
})
