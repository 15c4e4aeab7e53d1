import { cancelScope, throwIfCancelled } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { DashboardSettings } from './dashboard-options.ts'
import { Live } from './live.ts'
import type { Snapshot, Snapshots } from './snapshot.ts'

/** Live updates over a queue that is looked at `looks` times, and may fail. */
function live() {
  const seen = { looks: 0, fails: false }
  const get = async (): Promise<Snapshot> => {
    throwIfCancelled()
    seen.looks += 1
    if (seen.fails) throw new Error('no')
    return { now: seen.looks } as Snapshot
  }
  const settings = { liveMs: 1_000 } as DashboardSettings
  const updates = new Live(settings, { get } as unknown as Snapshots)
  const follow = (
    signal = new AbortController().signal,
  ): ReadableStreamDefaultReader<Uint8Array> => {
    const stream = updates.follow(async ({ now }) => `<p>\n${now}`, signal)
    if (stream === undefined) throw new Error('too many')
    return stream.getReader()
  }
  return { updates, seen, follow }
}

async function next(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string | undefined> {
  const { done, value } = await reader.read()
  return done ? undefined : Buffer.from(value).toString()
}

describe('live updates', () => {
  test('come to all pages out of one look, and end with the last page: nothing is left', async () => {
    using clock = TestClock.install()
    const { updates, seen, follow } = live()
    const readers = [follow(), follow(), follow()]
    for (const reader of readers) expect(await next(reader)).toBe('retry: 2000\n\n')
    for (const reader of readers)
      expect(await next(reader)).toBe('event: page\ndata: <p>\ndata: 1\n\n')
    expect(seen.looks).toBe(1)
    await expect.poll(() => clock.pending).toBe(1)
    await clock.advance(1_000)
    for (const reader of readers) expect(await next(reader)).toContain('data: 2')
    for (const reader of readers) await reader.cancel()
    await expect.poll(() => clock.pending).toBe(0)
    expect([updates.size, seen.looks]).toEqual([0, 2])
    // And begin again with the next one.
    const reader = follow()
    await next(reader)
    expect(await next(reader)).toContain('data: 3')
    await reader.cancel()
    await expect.poll(() => clock.pending).toBe(0)
  })

  test('end with their request, also one that had gone before', async () => {
    using clock = TestClock.install()
    const { updates, follow } = live()
    const client = new AbortController()
    const reader = follow(client.signal)
    await next(reader)
    await next(reader)
    client.abort()
    expect(await next(reader)).toBeUndefined()
    const late = follow(AbortSignal.abort())
    await next(late)
    expect(await next(late)).toBeUndefined()
    await expect.poll(() => clock.pending).toBe(0)
    expect(updates.size).toBe(0)
  })

  test('are not kept for a page that does not read', async () => {
    using clock = TestClock.install()
    const { updates, follow, seen } = live()
    const reader = follow()
    for (let round = 0; round < 50; round += 1) {
      await expect.poll(() => clock.pending).toBe(1)
      await clock.advance(1_000)
    }
    expect(seen.looks).toBeGreaterThan(40)
    await next(reader)
    expect(await next(reader)).toContain('data: 1\n')
    // What comes next is how it is then.
    const before = seen.looks
    const update = next(reader)
    await expect.poll(() => clock.pending).toBe(1)
    await clock.advance(1_000)
    expect(Number(/data: (\d+)/.exec((await update) ?? '')?.[1])).toBeGreaterThanOrEqual(before)
    await reader.cancel()
    await expect.poll(() => clock.pending).toBe(0)
    expect(updates.size).toBe(0)
  })

  test('are ended for a page that has read nothing for long, and its leaving after that does no harm', async () => {
    using clock = TestClock.install()
    const now = vi.spyOn(performance, 'now').mockReturnValue(0)
    onTestFinished(() => now.mockRestore())
    const thrown: unknown[] = []
    const onThrown = (error: unknown): void => void thrown.push(error)
    process.on('uncaughtException', onThrown)
    onTestFinished(() => void process.off('uncaughtException', onThrown))
    const { updates, follow } = live()
    const client = new AbortController()
    follow(client.signal)
    await expect.poll(() => clock.pending).toBe(1)
    now.mockReturnValue(70_000)
    await clock.advance(1_000)
    await expect.poll(() => updates.size).toBe(0)
    client.abort()
    // What a listener throws comes as an exception of the process, in a turn of its own.
    await new Promise(setImmediate)
    expect(thrown).toEqual([])
  })

  test('outlive the scope of the request that began them', async () => {
    using clock = TestClock.install()
    const { follow } = live()
    const readers: ReadableStreamDefaultReader<Uint8Array>[] = []
    await cancelScope(async (scope) => {
      readers.push(follow(), follow())
      scope.cancel('the first client has left')
    })
    const [first, second] = readers as [(typeof readers)[0], (typeof readers)[0]]
    await next(first)
    await next(second)
    expect(await next(second)).toContain('event: page')
    await first.cancel()
    await expect.poll(() => clock.pending).toBe(1)
    await clock.advance(1_000)
    expect(await next(second)).toContain('event: page')
    await second.cancel()
    await expect.poll(() => clock.pending).toBe(0)
  })

  test('say that the database does not answer, and go on', async () => {
    using clock = TestClock.install()
    const { follow, seen } = live()
    seen.fails = true
    const reader = follow()
    await next(reader)
    expect(await next(reader)).toBe('event: trouble\ndata: \n\n')
    seen.fails = false
    await expect.poll(() => clock.pending).toBe(1)
    await clock.advance(1_000)
    expect(await next(reader)).toContain('event: page')
    await reader.cancel()
    await expect.poll(() => clock.pending).toBe(0)
  })

  test('are for a hundred pages at the most', async () => {
    using clock = TestClock.install()
    const { updates, follow } = live()
    const readers = Array.from({ length: 100 }, () => follow())
    expect(updates.follow(async () => '', new AbortController().signal)).toBeUndefined()
    await Promise.all(readers.map((reader) => reader.cancel()))
    await follow().cancel()
    await expect.poll(() => clock.pending).toBe(0)
    expect(updates.size).toBe(0)
  })
})
