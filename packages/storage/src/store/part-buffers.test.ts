import { describe, expect, test } from 'vitest'
import { PartBuffers } from './part-buffers.ts'

describe('the memory of parts', () => {
  test('is used again once it was given back, by one at a time', () => {
    const buffers = new PartBuffers(1_024, 2)
    const first = buffers.take(1_024)
    buffers.give(first.subarray(0, 10))
    buffers.give(first)
    const second = buffers.take(1_024)
    const third = buffers.take(1_024)
    expect(second.buffer).toBe(first.buffer)
    expect(third.buffer).not.toBe(first.buffer)
  })

  test('is never that of somebody else, nor of another size', () => {
    const buffers = new PartBuffers(1_024, 2)
    const foreign = Buffer.allocUnsafeSlow(1_024)
    const small = buffers.take(10)
    buffers.give(foreign)
    buffers.give(small)
    const taken = buffers.take(1_024)
    expect(taken.byteLength).toBe(1_024)
    expect([foreign.buffer, small.buffer]).not.toContain(taken.buffer)
  })

  test('is bounded, and let go when nobody needs it', () => {
    const buffers = new PartBuffers(1_024, 1)
    const [first, second] = [buffers.take(1_024), buffers.take(1_024)]
    buffers.give(first)
    buffers.give(second)
    expect(buffers.take(1_024).buffer).toBe(first.buffer)
    expect(buffers.take(1_024).buffer).not.toBe(second.buffer)
    buffers.give(first)
    buffers.clear()
    expect(buffers.take(1_024).buffer).not.toBe(first.buffer)
  })
})
