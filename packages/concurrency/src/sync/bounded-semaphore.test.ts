import { describe, expect, test } from 'vitest'
import { BoundedSemaphore } from './bounded-semaphore.ts'

describe('BoundedSemaphore', () => {
  test('gives and takes like a semaphore', async () => {
    const seats = new BoundedSemaphore(1)
    {
      using _permit = await seats.acquire()
      expect(seats.available).toBe(0)
    }
    expect(seats.available).toBe(1)
  })

  test('refuses a release that would make more permits than it began with', async () => {
    const seats = new BoundedSemaphore(1, { name: 'seats' })
    expect(() => seats.release()).toThrow(
      new TypeError('Expected "seats" to have a permit taken, got a release with all 1 there'),
    )
    await seats.acquire()
    seats.release()
    expect(seats.available).toBe(1)
  })
})
