import { describe, expect, test } from 'vitest'
import { newJobId } from './job-id.ts'

describe('the id of a job', () => {
  test('is a UUID of version 7 that begins with its time', () => {
    const before = Date.now()
    const ids = Array.from({ length: 10_000 }, newJobId)
    const after = Date.now()
    for (const id of ids) {
      expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
      const at = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
      expect(at).toBeGreaterThanOrEqual(before)
      expect(at).toBeLessThanOrEqual(after)
    }
    expect(new Set(ids).size).toBe(ids.length)
  })
})
