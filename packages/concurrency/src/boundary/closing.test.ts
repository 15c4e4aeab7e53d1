import { setImmediate } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { currentScope } from '../scopes/current-scope.ts'
import { formatTaskTree } from '../inspect.ts'
import { io } from './io.ts'
import { IoError } from './io-error.ts'
import { sleep } from '../scopes/sleep.ts'
import { TestClock } from '../testing/test-clock.ts'
import { closing, type Closing, type ClosingOptions } from './closing.ts'

const open = (options: Partial<ClosingOptions<string>> = {}): Closing<string> =>
  closing<string>({
    name: 'redis',
    refuse: ({ message, ...told }, operation) =>
      new IoError(message, { boundary: 'redis', operation, ...told }),
    end: () => undefined,
    ...options,
  })

const work = (life: Closing<string>, fn: () => Promise<unknown>): Promise<unknown> =>
  io({ boundary: 'redis', operation: 'get', effect: 'read', translate: 'none' }, {}, async () => {
    using _call = life.enter('get')
    return await fn()
  })

describe('closing', () => {
  test('refuses new calls, waits for those under way and for what they handed out, then ends', async () => {
    const log: string[] = []
    const life = open({ end: () => void log.push('end') })
    const [call, body] = [life.enter('a'), life.keep()]
    const closed = life.close().then(() => log.push('closed'))
    expect(life.state).toBe('draining')
    expect(() => life.enter('late')).toThrow(
      expect.objectContaining({ code: 'closed', operation: 'late', outcome: 'none' }),
    )
    using step = life.step()
    await setImmediate()
    call.release()
    step.release()
    await setImmediate()
    expect([log, life.active, life.state]).toEqual([[], 1, 'draining'])
    body.release()
    body.release()
    await closed
    expect([log, life.active, life.state]).toEqual([['end', 'closed'], 0, 'ended'])
    expect(life.signal.aborted).toBe(false)
  })

  test('closed from within its own cut and end, or by what they close, it does not wait for itself', async () => {
    const log: string[] = []
    const inner = open({ end: () => outer.close() })
    const outer: Closing<string> = open({
      cut: async () => {
        await outer.close()
        call.release()
        log.push('cut')
      },
      end: async () => {
        await outer.close()
        await inner.close()
        log.push('end')
      },
    })
    const call = outer.enter('a')
    await outer.close({ drainMs: 0 })
    expect([log, outer.state, inner.state]).toEqual([['cut', 'end'], 'ended', 'ended'])
  })

  test('with nothing under way it ends at once, and says how much of the time is left', async () => {
    using _clock = TestClock.install()
    const end = vi.fn<(leftMs: number) => void>()
    await open({ end }).close({ drainMs: 500 })
    expect(end).toHaveBeenCalledExactlyOnceWith(500)
  })

  test('cuts off what is left after 10 s, and waits until it has undone itself', async () => {
    using clock = TestClock.install()
    const log: string[] = []
    const life = open({ cut: () => void log.push('cut'), end: (ms) => void log.push(`end ${ms}`) })
    const call = life.enter('a')
    const body = life.keep()
    life.signal.addEventListener('abort', () => log.push(String(life.signal.reason)))
    const closed = life.close()
    await clock.advance(9_999)
    expect(log).toEqual([])
    await clock.advance(1)
    expect(log).toEqual(['Error: redis was closed', 'cut'])
    expect(life.state).toBe('cut')
    call.release()
    await closed
    // Nobody may ever read the rest of a body.
    expect([log.at(-1), life.active]).toEqual(['end 0', 1])
    body.release()
    expect(clock.pending).toBe(0)
  })

  test('what does not undo itself in time is left behind', async () => {
    using clock = TestClock.install()
    const life = open({ undoMs: 50 })
    life.enter('a')
    const closed = life.close({ drainMs: 0 })
    await clock.advance(50)
    await closed
    expect([life.state, life.active]).toEqual(['ended', 1])
  })

  test('drains for as long as it takes with Infinity', async () => {
    using clock = TestClock.install()
    const life = open()
    const call = life.enter('a')
    const closed = life.close({ drainMs: Infinity })
    await setImmediate()
    expect(clock.pending).toBe(0)
    call.release()
    await closed
  })

  test('a second close awaits the first, and all is closed once', async () => {
    const end = vi.fn<() => void>()
    const life = open({ end })
    const call = life.enter('a')
    let ended = 0
    const closes = [life.close(), life.close({ drainMs: 0 })].map(async (close) => {
      await close
      ended += 1
    })
    await setImmediate()
    expect(ended).toBe(0)
    call.release()
    await Promise.all(closes)
    await life.close()
    expect(end).toHaveBeenCalledOnce()
  })

  test('a cancel around the caller does not shorten it', async () => {
    const end = vi.fn<() => void>()
    const life = open({ end })
    const call = life.enter('a')
    const closed = cancelScope(async (scope) => {
      scope.cancel()
      await life.close()
    }).catch(() => undefined)
    await setImmediate()
    expect(end).not.toHaveBeenCalled()
    call.release()
    await closed
    expect(end).toHaveBeenCalledOnce()
  })

  test('cut ends the drain now, and does nothing before it', async () => {
    const life = open()
    life.cut()
    expect(life.state).toBe('open')
    const call = life.enter('a')
    life.signal.addEventListener('abort', () => call.release())
    const closed = life.close({ drainMs: Infinity })
    await setImmediate()
    life.cut()
    await closed
    expect(life.state).toBe('ended')
  })

  test('cut is heard in the very step in which the close is called', async () => {
    const life = open()
    const call = life.enter('a')
    life.signal.addEventListener('abort', () => call.release())
    const closed = life.close({ drainMs: Infinity })
    life.cut()
    await closed
    expect(life.signal.aborted).toBe(true)
  })

  test('closed from inside of a call of its own, it waits for the others, and cuts that one off', async () => {
    const life = open()
    const other = life.enter('other')
    const log: string[] = []
    const call = work(life, async () => {
      const closed = life.close({ drainMs: Infinity }).then(() => log.push('closed'))
      await setImmediate()
      log.push('other ends')
      other.release()
      await closed
      log.push(`cut: ${life.signal.aborted}`)
    })
    await call
    expect(log).toEqual(['other ends', 'closed', 'cut: true'])
  })

  test('so do two calls that close it, and a step of theirs that waits for them', async () => {
    const life = open()
    const alone = work(life, async () => {
      await setImmediate()
      await life.close({ drainMs: Infinity })
    })
    const withStep = work(life, async () => {
      const step = io({ boundary: 'redis', operation: 'step', effect: 'read' }, {}, async () => {
        using _step = life.step()
        await new Promise<void>((resolve) => life.signal.addEventListener('abort', () => resolve()))
      })
      await life.close({ drainMs: Infinity })
      await step
    })
    await Promise.all([alone, withStep])
    expect([life.state, life.active]).toEqual(['ended', 0])
  })

  test('so does one that entered within a scope of its own', async () => {
    const life = open()
    const call = { boundary: 'redis', operation: 'get', effect: 'read' } as const
    await io(call, {}, () =>
      cancelScope(async () => {
        using _call = life.enter('get')
        await life.close({ drainMs: Infinity })
      }),
    )
    expect(life.state).toBe('ended')
  })

  test('so does a step that such a call begins later', async () => {
    const life = open()
    const log: string[] = []
    await work(life, async () => {
      const closed = life.close({ drainMs: Infinity }).then(() => log.push('closed'))
      const step = io({ boundary: 'redis', operation: 'step', effect: 'read' }, {}, async () => {
        using _step = life.step()
        await closed
      })
      await step
    })
    expect(log).toEqual(['closed'])
  })

  test('stands in the task tree while it drains', async () => {
    const life = open()
    const call = life.enter('a')
    const closed = cancelScope(() => life.close())
    await setImmediate()
    const tree = formatTaskTree()
    expect(tree).toContain('redis.close')
    expect(tree).toContain('end of what redis does')
    call.release()
    await closed
  })

  test('a scope around both the call and the close is no call of its own', async () => {
    const life = open()
    const order: string[] = []
    await cancelScope(async () => {
      const call = life.enter('a')
      expect(currentScope()).toBeDefined()
      const closed = life.close().then(() => order.push('closed'))
      await setImmediate()
      order.push('call ends')
      call.release()
      await closed
    })
    expect(order).toEqual(['call ends', 'closed'])
  })

  test('a pause is over with its time, or with the cut', async () => {
    using clock = TestClock.install()
    const life = open()
    const call = life.enter('a')
    const log: string[] = []
    const first = life.pause(50).then(() => log.push('first'))
    const second = life.pause(5_000).then(() => {
      log.push('second')
      call.release()
    })
    await clock.advance(50)
    expect(log).toEqual(['first'])
    const closed = life.close({ drainMs: 100 })
    await clock.advance(100)
    await Promise.all([first, second, closed])
    expect(log).toEqual(['first', 'second'])
  })

  test('ends what it stands on whatever becomes of the cut, and says what failed', async () => {
    const end = vi.fn<() => void>()
    const life = open({
      end,
      cut: () => {
        throw new RangeError('cut')
      },
    })
    life.enter('a')
    await expect(life.close({ drainMs: 0 })).rejects.toThrow(RangeError)
    expect(end).toHaveBeenCalledOnce()
    await expect(life.close()).rejects.toThrow(RangeError)
  })

  test('is not closed by options that are none', async () => {
    const life = open()
    await expect(life.close({ drainMs: -1 })).rejects.toThrow(
      'Expected drainMs to be a number of milliseconds from 0 up, got -1',
    )
    await expect(life.close({ drain: 1 } as never)).rejects.toThrow(
      'Expected a known option of redis.close, got "drain"; did you mean "drainMs"?',
    )
    expect(life.state).toBe('open')
    expect(() => closing(null as never)).toThrow(TypeError)
    expect(() => open({ end: undefined as never })).toThrow('Expected end to be a function')
    expect(() => open({ cut: 1 as never })).toThrow('Expected cut to be a function')
    expect(() => open({ undoMs: -1 })).toThrow('Expected undoMs')
  })

  test('calls go on while it drains, and the last one to end ends the drain', async () => {
    using clock = TestClock.install()
    const life = open()
    const calls = [3, 1, 2].map((ms) => work(life, () => sleep(ms)))
    await setImmediate()
    expect(life.active).toBe(3)
    const closed = life.close()
    await clock.advance(3)
    await Promise.all([...calls, closed])
    expect(clock.now()).toBe(3)
  })
})
