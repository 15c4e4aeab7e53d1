import { describe, expect, test } from 'vitest'
import { exerciseExecutor } from '../test/exercise-executor.ts'
import type * as jobs from '../test/executor-jobs.ts'
import { Phone } from '../test/phone.ts'
import { processes } from './processes.ts'

const module = new URL('../test/executor-jobs.ts', import.meta.url)

describe('an executor of processes', () => {
  for (const each of exerciseExecutor((options) => processes<typeof jobs>(options))) {
    test(each.name, () => each.run())
  }

  test('throws the cancel only when the killed process is gone', async () => {
    await using phone = await Phone.open()
    await using executor = processes<typeof jobs>({ module, workers: 1, graceMs: 0 })
    const pid = Number.parseInt(await executor.call('worker'), 10)
    const stop = new AbortController()
    const hanging = executor.run({ name: 'hang', args: [phone.port] }, { signal: stop.signal })
    const ended = expect(hanging.finally(() => process.kill(pid, 0))).rejects.toThrow('ESRCH')
    await phone.next()
    stop.abort()
    await ended
  })

  test('is not concerned with what a process throws once its job is done', async () => {
    await using phone = await Phone.open()
    await using executor = processes<typeof jobs>({ module, workers: 1 })
    const done = executor.call('explodeLater', phone.port)
    const call = await phone.next()
    expect(await done).toBe('done')
    await call.gone
  })

  test('refuses memory that only threads can share', async () => {
    await using executor = processes<typeof jobs>({ module, workers: 1 })
    await expect(executor.call('echo', new SharedArrayBuffer(4))).rejects.toThrow(
      'Expected argument 1 of "echo" to be serialisable, got an instance of SharedArrayBuffer',
    )
  })

  test('copies what a job hands over', async () => {
    await using executor = processes<typeof jobs>({ module, workers: 1 })
    const bytes = await executor.call('fill', 1_000)
    expect([bytes.byteLength, bytes[0]]).toEqual([1_000, 7])
  })
})
