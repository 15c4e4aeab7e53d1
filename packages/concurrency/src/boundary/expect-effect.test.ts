import { expect, test } from 'vitest'
import { expectEffect } from './expect-effect.ts'

test('expectEffect takes the three effects, and nothing else', () => {
  for (const effect of ['read', 'idempotent', 'write']) expectEffect(effect)
  for (const other of ['reed', '', undefined, null, 1]) {
    expect(() => expectEffect(other)).toThrow(
      "Expected effect to be one of 'read', 'idempotent', 'write', got ",
    )
  }
})
