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
  [{ name: 'x', run, schema: {} }, 'Expected schema to be a Standard Schema or a function'],
  [{ name: 'x', run, schema: { '~standard': { version: 1 } } }, 'Expected schema'],
  [{ name: 'x', run, parse: () => 1 }, 'Expected a known option of defineJob, got "parse"'],
  [{ name: 'x', run, version: 0 }, 'Expected version to be an integer from 1 to 32767, got 0'],
  [{ name: 'x', run, version: 2, upgrade: { 2: () => 1 } }, 'Expected upgrade'],
  [{ name: 'x', run, version: 2, upgrade: { 1: 'no' } }, 'Expected upgrade[1] to be a function'],
  [{ name: 'x', run, version: 2, upgrade: { one: () => 1 } }, 'Expected upgrade'],
  [
    { name: 'x', run, version: 4, upgrade: { 1: () => 1, 3: () => 1 } },
    'Expected upgrade to have each version from 1 to 3, got some of them',
  ],
  [{ name: 'x', run, key: 'k' }, 'Expected key'],
  [{ name: 'x', run, group: 'g' }, 'Expected group'],
  [{ name: 'x', run, tags: ['t'] }, 'Expected tags to be a function'],
  [{ name: 'x', run, onConflict: 'keep' }, 'Expected onConflict'],
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
