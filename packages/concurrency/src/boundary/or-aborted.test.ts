import { getEventListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { currentScope, throwIfCancelled } from '../scopes/current-scope.ts'
import { orAborted } from './or-aborted.ts'

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length

describe('orAborted', () => {
  test('gives what it waited for, also without a signal, and listens no longer', async () => {
    const { signal } = new AbortController()
    expect(await orAborted(Promise.resolve(1), signal)).toBe(1)
    await expect(orAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no')
    expect(listeners(signal)).toBe(0)
    expect(await orAborted(Promise.resolve(2), undefined)).toBe(2)
  })

  test('listens no longer to a signal when the wait itself throws', async () => {
    const { signal } = new AbortController()
    const broken = {
      // oxlint-disable-next-line unicorn/no-thenable -- one of somebody else
      then(): never {
        throw new Error('broken')
      },
    }
    await expect(orAborted(broken, signal)).rejects.toThrow('broken')
    expect(listeners(signal)).toBe(0)
  })

  test('throws the reason of the signal once that fires, or has fired', async () => {
    const controller = new AbortController()
    const reason = new Error('aborted')
    const never = new Promise<never>(() => undefined)
    const waiting = orAborted(never, controller.signal)
    expect(listeners(controller.signal)).toBe(1)
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    expect(listeners(controller.signal)).toBe(0)
    await expect(orAborted(Promise.resolve(1), controller.signal)).rejects.toBe(reason)
  })

  test('hands back a result that comes too late, outside the cancelled scope', async () => {
    const late = Promise.withResolvers<string>()
    const back: unknown[] = []
    await cancelScope(async (scope) => {
      const waiting = orAborted(late.promise, scope.signal, (value) => {
        throwIfCancelled()
        back.push(value, currentScope())
      })
      scope.cancel()
      await expect(waiting).rejects.toThrow()
      expect(back).toEqual([])
      late.resolve('connection')
      await setImmediate()
    }).catch(() => undefined)
    expect(back).toEqual(['connection', undefined])
  })

  test('hands back nothing that was in time', async () => {
    const controller = new AbortController()
    const onLate = vi.fn<() => void>()
    const waiting = orAborted(Promise.resolve(1), controller.signal, onLate)
    await waiting
    controller.abort()
    await setImmediate()
    expect(onLate).not.toHaveBeenCalled()
  })

  test('a failure that comes too late is nobody’s unhandled rejection', async () => {
    const unhandled = vi.fn<() => void>()
    process.on('unhandledRejection', unhandled)
    const controller = new AbortController()
    const late = Promise.withResolvers<never>()
    const waiting = orAborted(late.promise, controller.signal)
    controller.abort()
    await expect(waiting).rejects.toThrow()
    late.reject(new Error('too late'))
    await setImmediate()
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  test('warns when what came too late could not be handed back, and shows nothing of it', async () => {
    const warned = Promise.withResolvers<Error>()
    process.once('warning', warned.resolve)
    const controller = new AbortController()
    const late = Promise.withResolvers<string>()
    const waiting = orAborted(late.promise, controller.signal, () =>
      Promise.reject(new RangeError('a secret')),
    )
    controller.abort()
    await expect(waiting).rejects.toThrow()
    late.resolve('x')
    expect(await warned.promise).toMatchObject({
      name: 'LateResultWarning',
      message: 'What came after its wait was aborted could not be given back (RangeError)',
    })
  })
})
