import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { Fifo } from './fifo.ts'

beforeAll(() => {
  setFlagsFromString('--expose-gc')
  globalThis.gc = runInNewContext('gc') as NonNullable<typeof gc>
})

describe('Fifo', () => {
  test('keeps nothing alive that was taken', async () => {
    const fifo = new Fifo<object>()
    for (let i = 0; i < 3; i += 1) fifo.add({})
    const taken = new WeakRef(fifo.take())
    await setImmediate()
    globalThis.gc?.()
    expect(taken.deref()).toBeUndefined()
    expect(fifo.size).toBe(2)
  })

  test('does not grow with what has passed through it', () => {
    const fifo = new Fifo<number>()
    fifo.add(0)
    const pass = (): number => {
      for (let i = 0; i < 500_000; i += 1) {
        fifo.add(i)
        fifo.take()
      }
      globalThis.gc?.()
      return process.memoryUsage().heapUsed
    }
    const before = pass()
    expect(pass() - before).toBeLessThan(1_000_000)
  })

  test('gives items in the order they came, whatever the mix of adding and taking', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(200), fc.nat(200)), { maxLength: 8 }), (rounds) => {
        const fifo = new Fifo<number>()
        const plain: number[] = []
        let next = 0
        for (const [adds, takes] of rounds) {
          for (let i = 0; i < adds; i += 1) {
            fifo.add(next)
            plain.push(next)
            next += 1
          }
          for (let i = 0; i < takes && plain.length > 0; i += 1) {
            expect(fifo.first).toBe(plain[0])
            expect(fifo.take()).toBe(plain.shift())
          }
          expect(fifo.size).toBe(plain.length)
        }
      }),
    )
  })
})
