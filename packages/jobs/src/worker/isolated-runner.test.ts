import { cancelScope, Cancelled } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isolated } from '../../test/isolated.ts'
import type { IsolatedKind } from '../job/isolated-kind.ts'
import type { JobContext } from '../job/job.ts'
import { IsolatedRunner } from './isolated-runner.ts'

const contextOf = (progress: (value: unknown) => void): JobContext =>
  ({ jobId: 'x', attempt: 1, attempts: 1, enqueuedAt: new Date(), progress }) as JobContext

test('the time of a handler begins when it has its place: what waits for one is not timed out', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'yuzuru-jobs-'))
  const long = isolated('wait', 'thread', { timeoutMs: Infinity })
  const short = isolated('neighbour', 'thread', { timeoutMs: 60_000 })
  const settings = { jobs: [long, short], threads: 1, processes: 1, graceMs: 1_000 }
  const runner = new IsolatedRunner({ isolated: { ...settings, maxHeapMb: undefined } })
  await runner.open()
  using clock = TestClock.install()
  const { promise: begun, resolve } = Promise.withResolvers<void>()
  let end: (() => void) | undefined
  const first = cancelScope(async (scope) => {
    end = () => scope.cancel('it is to end')
    const payload = { file: join(folder.path, 'ended') }
    await runner.run(
      long.isolated as IsolatedKind,
      payload,
      contextOf(() => resolve()),
    )
  })
  await begun
  const context = contextOf(() => undefined)
  const second = runner.run(short.isolated as IsolatedKind, { n: 1 }, context)
  await clock.advance(3_600_000)
  end?.()
  await expect(first).rejects.toThrow(Cancelled)
  expect(await second).toBe(1)
  await runner.close()
})
