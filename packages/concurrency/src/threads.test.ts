import { describe, expect, test } from 'vitest'
import { exerciseExecutor } from '../test/exercise-executor.ts'
import type * as jobs from '../test/executor-jobs.ts'
import { Phone } from '../test/phone.ts'
import type { Executor } from './executors/executor.ts'
import { cancelScope, Cancelled } from './index.ts'
import { type ThreadJobOptions, threads, WorkerCrashed } from './threads.ts'

const module = new URL('../test/executor-jobs.ts', import.meta.url)

function open(): Executor<typeof jobs, ThreadJobOptions> {
  return threads<typeof jobs>({ module, workers: 1, graceMs: Infinity })
}

describe('an executor of threads', () => {
  for (const each of exerciseExecutor((options) => threads<typeof jobs>(options))) {
    test(each.name, () => each.run())
  }

  test('shows the flag to a job that never yields', async () => {
    await using phone = await Phone.open()
    await using executor = open()
    const before = await executor.call('worker')
    const spinning = cancelScope(async (scope) => {
      const call = executor.call('spin', phone.port)
      await phone.next()
      scope.cancel('enough')
      await call
    })
    await expect(spinning).rejects.toThrow(Cancelled)
    expect(await executor.call('worker')).toBe(before)
  })

  test('has by default more threads than cores: five jobs that block are under way at once', async () => {
    await using executor = threads<typeof jobs>({ module })
    const arrived = new SharedArrayBuffer(4)
    const calls = Array.from({ length: 5 }, () => executor.call('meet', arrived, 5))
    expect(await Promise.all(calls)).toEqual([5, 5, 5, 5, 5])
  })

  test('hands over what is to be transferred instead of copying it', async () => {
    await using executor = open()
    const bytes = Uint8Array.of(1, 2, 3)
    const transfer = [bytes.buffer]
    const echoed = await executor.run({ name: 'echo', args: [bytes] }, { transfer })
    expect(echoed).toEqual(Uint8Array.of(1, 2, 3))
    expect(bytes.byteLength).toBe(0)
  })

  test('shares memory that is shared', async () => {
    await using executor = open()
    const shared = new Int32Array(new SharedArrayBuffer(4))
    const echoed = (await executor.call('echo', shared)) as Int32Array
    Atomics.store(shared, 0, 42)
    expect(echoed[0]).toBe(42)
  })

  test('takes what a job hands over', async () => {
    await using executor = open()
    const bytes = await executor.call('fill', 1_000_000)
    expect([bytes.byteLength, bytes[0], bytes.at(-1)]).toEqual([1_000_000, 7, 7])
  })

  test('names the argument that cannot be sent also beside one that is handed over', async () => {
    await using executor = open()
    const { port1, port2 } = new MessageChannel()
    const args = [port1, () => 1] as never
    const sent = executor.run({ name: 'echo', args }, { transfer: [port1] })
    await expect(sent).rejects.toThrow(
      'Expected argument 2 of "echo" to be serialisable, got a function',
    )
    port2.close()
  })

  test('a thread that ends of what it could not clone itself has crashed; no argument is to blame', async () => {
    await using phone = await Phone.open()
    await using executor = open()
    const error = await executor.call('explodeCloning', phone.port).catch((each: unknown) => each)
    expect(error).toBeInstanceOf(WorkerCrashed)
    expect(error).toMatchObject({
      job: 'explodeCloning',
      outcome: 'unknown',
      // All that a thread's own error of this kind keeps on its way.
      cause: { stack: expect.stringContaining('could not be cloned') },
    })
  })

  test('refuses a transfer list that cannot be, and keeps its thread', async () => {
    await using executor = open()
    const before = await executor.call('worker')
    const transfer = ['no buffer' as never]
    const sent = executor.run({ name: 'echo', args: [1] }, { transfer })
    await expect(sent).rejects.toThrow(TypeError)
    expect(await executor.call('worker')).toBe(before)
  })

  test('starts where the process has flags that a thread cannot have', async () => {
    process.execArgv.push('--expose-gc')
    try {
      await using executor = open()
      expect(await executor.call('add', 1, 2)).toBe(3)
    } finally {
      process.execArgv.pop()
    }
  })

  test('says of a thread that cannot be made that it could not start', async () => {
    await using executor = threads<typeof jobs>({ module, workers: 1, execArgv: ['--expose-gc'] })
    for (const _ of [1, 2]) {
      const error = await executor.call('add', 1, 2).catch((each: unknown) => each)
      expect(error).toBeInstanceOf(WorkerCrashed)
      expect(error).toMatchObject({
        outcome: 'none',
        cause: { code: 'ERR_WORKER_INVALID_EXEC_ARGV' },
      })
    }
  })
})
