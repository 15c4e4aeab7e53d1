import { getEventListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Cancelled } from './cancelled.ts'
import { cancelScope } from './cancel-scope.ts'
import { checkpoint, currentSignal } from './checkpoint.ts'
import { currentScope, throwIfCancelled } from './current-scope.ts'
import { type CancelScope, rootScopes } from './scope.ts'
import { sleep } from './sleep.ts'

const caught = async (fn: () => unknown): Promise<unknown> => {
  try {
    await fn()
  } catch (error) {
    return error
  }
  return expect.unreachable('nothing was thrown')
}

describe('cancelScope', () => {
  test('is named "scope" unless it is told otherwise', async () => {
    expect(await cancelScope((scope) => scope.name)).toBe('scope')
    expect(await cancelScope(() => null)).toBeNull()
    expect(await cancelScope((scope) => scope.name, { name: 'page' })).toBe('page')
  })

  test('gives what its body returns', async () => {
    expect(await cancelScope(() => 1)).toBe(1)
    expect(await cancelScope(async () => 2)).toBe(2)
  })

  test('once cancelled, every later checkpoint throws again, until the scope is left', async () => {
    const thrown: unknown[] = []
    const error = await caught(() =>
      cancelScope(async (scope) => {
        scope.cancel('enough')
        thrown.push(await caught(() => sleep(1)))
        thrown.push(await caught(() => checkpoint()))
        thrown.push(await caught(() => throwIfCancelled()))
        thrown.push(await caught(() => cancelScope(() => 1)))
        await sleep(1)
      }),
    )
    expect(thrown).toEqual([error, error, error, error])
    await sleep(0)
    await checkpoint()
  })

  test('the cancel says who asked, for which scope, and why', async () => {
    const error = await caught(() =>
      cancelScope(
        async (scope) => {
          scope.cancel('stop was pressed')
          await sleep(1)
        },
        { name: 'page' },
      ),
    )
    expect(error).toBeInstanceOf(Cancelled)
    expect(error).toMatchObject({ message: 'stop was pressed', source: 'scope', scope: 'page' })
    expect((error as Error).stack).toContain('cancel-scope.test.ts')
  })

  test('a cancel without words says which scope it was', async () => {
    const error = await caught(() =>
      cancelScope(
        async (scope) => {
          scope.cancel()
          await sleep(1)
        },
        { name: 'page' },
      ),
    )
    expect(error).toMatchObject({ message: '"page" was cancelled' })
  })

  test('only the first cancel counts', async () => {
    const error = await caught(() =>
      cancelScope(async (scope) => {
        scope.cancel('first')
        scope.cancel('second')
        await sleep(1)
      }),
    )
    expect(error).toMatchObject({ message: 'first' })
  })

  test('a body that returns all the same gives its value', async () => {
    const value = await cancelScope(async (scope) => {
      scope.cancel()
      await caught(() => sleep(1))
      return 'kept'
    })
    expect(value).toBe('kept')
  })

  test('an AbortError of a platform call becomes the cancel that caused it', async () => {
    const error = await caught(() =>
      cancelScope(async (scope) => {
        queueMicrotask(() => scope.cancel('enough'))
        await setImmediate(undefined, { signal: scope.signal })
      }),
    )
    expect(error).toMatchObject({ name: 'Cancelled', message: 'enough' })
  })

  test('a resource that is cancelled while it is closed hides nothing: one cancel comes out', async () => {
    const resource = { [Symbol.asyncDispose]: () => sleep(1) }
    const error = await caught(() =>
      cancelScope(async (scope) => {
        await using _ = resource
        scope.cancel('enough')
        await sleep(1)
      }),
    )
    expect(error).toMatchObject({ name: 'Cancelled', message: 'enough' })
  })

  test('a resource that fails while it is closed in a cancelled scope is heard of', async () => {
    const failure = new Error('not closed')
    const resource = { [Symbol.asyncDispose]: () => Promise.reject(failure) }
    const error = await caught(() =>
      cancelScope(async (scope) => {
        await using _ = resource
        scope.cancel('enough')
        await sleep(1)
      }),
    )
    expect(error).toBeInstanceOf(SuppressedError)
    expect(error).toMatchObject({ error: failure, suppressed: { message: 'enough' } })
  })

  test('nor is what failed before hidden by the cancel of what is closed after it', async () => {
    const failure = new Error('mine')
    const resource = { [Symbol.asyncDispose]: () => sleep(1) }
    const error = await caught(() =>
      cancelScope(async (scope) => {
        await using _ = resource
        scope.cancel('enough')
        throw failure
      }),
    )
    expect(error).toMatchObject({ error: { message: 'enough' }, suppressed: failure })
  })

  test('an error of the body’s own stays what it is', async () => {
    const own = new Error('mine')
    const error = await caught(() =>
      cancelScope((scope) => {
        scope.cancel()
        throw own
      }),
    )
    expect(error).toBe(own)
  })

  test('an outer cancel that comes later goes before the inner one', async () => {
    const seen: string[] = []
    const error = await caught(() =>
      cancelScope(
        async (outer) => {
          try {
            await cancelScope(
              async (inner) => {
                inner.cancel()
                outer.cancel()
                seen.push(((await caught(() => sleep(1))) as Cancelled).scope)
                await sleep(1)
              },
              { name: 'inner' },
            )
          } catch (error) {
            seen.push((error as Cancelled).scope)
            throw error
          }
        },
        { name: 'outer' },
      ),
    )
    expect(seen).toEqual(['outer', 'outer'])
    expect(error).toMatchObject({ scope: 'outer' })
  })

  test('an outer cancel goes before the inner one also when the inner one was thrown already', async () => {
    const error = await caught(() =>
      cancelScope(
        async (outer) => {
          await cancelScope(
            async (inner) => {
              inner.cancel()
              const thrown = await caught(() => sleep(1))
              outer.cancel()
              throw thrown
            },
            { name: 'inner' },
          )
        },
        { name: 'outer' },
      ),
    )
    expect(error).toMatchObject({ scope: 'outer' })
  })

  test('an inner cancel leaves the outer scope alone', async () => {
    await cancelScope(async () => {
      await caught(() =>
        cancelScope(async (inner) => {
          inner.cancel()
          await sleep(1)
        }),
      )
      await sleep(0)
    })
  })

  test('a foreign signal cancels it, with its reason as the cause', async () => {
    const controller = new AbortController()
    const error = await caught(() =>
      cancelScope(
        async () => {
          controller.abort('gone')
          await sleep(1)
        },
        { signal: controller.signal },
      ),
    )
    expect(error).toMatchObject({ source: 'signal', cause: 'gone' })
    const aborted = await caught(() =>
      cancelScope(() => sleep(1), { signal: AbortSignal.abort('early') }),
    )
    expect(aborted).toMatchObject({ source: 'signal', cause: 'early' })
  })

  test('a foreign signal gets one listener a scope, taken off at its end', async () => {
    const { signal } = new AbortController()
    const count = (): number => getEventListeners(signal, 'abort').length
    await cancelScope(
      async () => {
        await Promise.all([sleep(0), sleep(0)])
        expect(count()).toBe(1)
      },
      { signal },
    )
    await caught(() =>
      cancelScope(
        () => {
          throw new Error('no')
        },
        { signal },
      ),
    )
    expect(count()).toBe(0)
  })

  test('refuses before any scope is open, so that nothing hangs', async () => {
    await cancelScope(async () => {
      const signal = await caught(() => cancelScope(() => 1, { signal: 1 as never }))
      expect(signal).toEqual(new TypeError('Expected signal to be an AbortSignal, got 1'))
      const none = await caught(() => cancelScope(() => 1, { signal: null as never }))
      expect(none).toEqual(new TypeError('Expected signal to be an AbortSignal, got null'))
      const other = await caught(() => cancelScope(() => 1, { signal: {} as never }))
      expect(other).toEqual(
        new TypeError('Expected signal to be an AbortSignal, got an instance of Object'),
      )
      const fn = await caught(() => cancelScope('x' as never))
      expect(fn).toEqual(new TypeError('Expected fn to be a function, got a string'))
    })
    expect(rootScopes().size).toBe(0)
  })

  test('what was deferred is called at the end, the last one first, shielded', async () => {
    const log: string[] = []
    await caught(() =>
      cancelScope((scope) => {
        scope.defer(() => log.push('first'))
        scope.defer(async () => {
          await sleep(0)
          log.push('second')
        })
        scope.cancel()
        throwIfCancelled()
      }),
    )
    expect(log).toEqual(['second', 'first'])
  })

  test('errors of what was deferred never hide the first', async () => {
    const error = (await caught(() =>
      cancelScope((scope) => {
        scope.defer(() => {
          throw new Error('first clean-up')
        })
        scope.defer(() => {
          throw new Error('second clean-up')
        })
        throw new Error('body')
      }),
    )) as SuppressedError
    expect(error).toBeInstanceOf(SuppressedError)
    expect(error.error).toMatchObject({ message: 'first clean-up' })
    expect(error.suppressed.error).toMatchObject({ message: 'second clean-up' })
    expect(error.suppressed.suppressed).toMatchObject({ message: 'body' })
  })

  test('an error of what was deferred is thrown when the body had none', async () => {
    const error = await caught(() =>
      cancelScope((scope) => {
        scope.defer(() => {
          throw new Error('clean-up')
        })
      }),
    )
    expect(error).toMatchObject({ message: 'clean-up' })
  })

  test('the signal is made once, and has fired when the scope was cancelled before', async () => {
    await cancelScope(async (scope) => {
      expect(currentSignal()).toBe(scope.signal)
      expect(scope.signal.aborted).toBe(false)
      scope.cancel()
      expect(scope.signal.aborted).toBe(true)
      expect(scope.cancelled).toBe(true)
      expect(scope.expired).toBe(false)
    })
    await cancelScope((scope) => {
      scope.cancel('late')
      expect(scope.signal.reason).toMatchObject({ message: 'late' })
    })
    expect(currentSignal()).toBeUndefined()
  })

  test('a wait ends with the scope that it was begun in', async () => {
    let wait: Promise<unknown> | undefined
    await cancelScope(
      () => {
        wait = caught(() => sleep(Infinity))
      },
      { name: 'inner' },
    )
    expect(await wait).toMatchObject({ source: 'scope-end', scope: 'inner' })
  })

  test('code that goes on after its scope has ended finds the nearest living ancestor', async () => {
    let late: Promise<string | undefined> | undefined
    await cancelScope(
      async () => {
        await cancelScope(() => {
          late = (async () => {
            await setImmediate()
            return currentScope()?.name
          })()
        })
        expect(await late).toBe('outer')
      },
      { name: 'outer' },
    )
  })

  test('what begins only when it is awaited begins within the scope', async () => {
    const lazy = {
      // oxlint-disable-next-line unicorn/no-thenable -- query builders are such thenables
      then: (resolve: (name: string | undefined) => void) => resolve(currentScope()?.name),
    } as PromiseLike<string | undefined>
    expect(await cancelScope(() => lazy, { name: 'page' })).toBe('page')
    const data = { then: 1 } // oxlint-disable-line unicorn/no-thenable -- data may be called so
    expect(await cancelScope(() => data)).toBe(data)
  })

  test('a cancel of one that has ended does nothing', async () => {
    let ended: CancelScope | undefined
    await cancelScope((scope) => {
      ended = scope
    })
    ended?.cancel()
    expect(ended?.cancelled).toBe(false)
  })
})
