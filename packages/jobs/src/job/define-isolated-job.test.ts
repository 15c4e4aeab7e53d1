import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import type { IsolatedContext } from './isolated-context.ts'
import { defineIsolatedJob } from './define-isolated-job.ts'
import type { Job, JobContext } from './job.ts'

const module = new URL('file:///handlers.ts')
const thread = { name: 'x', runIn: 'thread', module } as const

test.each([
  [{ name: 'x', module }, 'Expected runIn to be one of'],
  [{ ...thread, runIn: 'worker' }, 'Expected runIn to be one of'],
  [{ ...thread, module: './handlers.ts' }, 'Expected module to be a file: URL or an absolute path'],
  [{ ...thread, module: new URL('https://example.com/x.js') }, 'Expected module'],
  [{ ...thread, handler: '' }, 'Expected handler to be the name of an export'],
  [{ ...thread, handler: () => 1 }, 'Expected handler to be the name of an export'],
  [{ ...thread, run: () => 1 }, 'Expected a known option of defineIsolatedJob, got "run"'],
  [
    { ...thread, mode: 'transactional' },
    'Expected a known option of defineIsolatedJob, got "mode"',
  ],
  [{ ...thread, timeoutMs: 0 }, 'Expected timeoutMs'],
])('defineIsolatedJob refuses %o', (options, message) => {
  expect(() => defineIsolatedJob(options as never)).toThrow(message)
  expect(() => defineIsolatedJob(options as never)).toThrow(TypeError)
})

test('defineIsolatedJob takes a path, and the export "run" by default', () => {
  const job = defineIsolatedJob<Handlers>({ ...thread, module: '/a b/handlers.ts' })
  expect(job.isolated).toEqual({
    name: 'x',
    runIn: 'thread',
    module: 'file:///a%20b/handlers.ts',
    handler: 'run',
  })
  expect(job.timeoutMs).toBe(300_000)
})

test('its handler is called by a worker alone', async () => {
  const job = defineIsolatedJob<Handlers>(thread)
  await expect(job.run({ n: 1 }, {} as JobContext)).rejects.toThrow(
    'Expected "x" to be run by a worker, got a call of its run',
  )
})

interface Handlers {
  readonly run: (payload: { readonly n: number }, context: IsolatedContext) => Promise<string>
  readonly other: (payload: { readonly at: Date }) => number
  readonly here: (payload: { readonly n: number }, context: JobContext) => Promise<void>
}

test('the types are those of the handler', () => {
  const job = defineIsolatedJob<Handlers>(thread)
  expectTypeOf(job).toEqualTypeOf<Job<{ readonly n: number }, { readonly n: number }, string>>()
  const other = defineIsolatedJob<Handlers, 'other', { readonly at: string }>({
    ...thread,
    handler: 'other',
    schema: z.object({ at: z.string().transform((at) => new Date(at)) }),
  })
  expectTypeOf(other).toEqualTypeOf<Job<{ readonly at: string }, { readonly at: Date }, number>>()
  // @ts-expect-error: it is not the one by default, so it must be named
  expect(() => defineIsolatedJob<Handlers, 'other'>(thread)).not.toThrow()
  // @ts-expect-error: a handler that needs the worker's database is none
  defineIsolatedJob<Handlers, 'here'>({ ...thread, handler: 'here' })
  // @ts-expect-error: there is no such export
  defineIsolatedJob<Handlers, 'nowhere'>({ ...thread, handler: 'nowhere' })
})
