import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Fifo } from './fifo.ts'

describe('Fifo', () => {
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
