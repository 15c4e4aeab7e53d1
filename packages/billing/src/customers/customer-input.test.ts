import { expect, test } from 'vitest'
import { expectReference } from './customer-input.ts'

test.each(['a\uD800', '\uDC00', 'a\0', ''])('%j is no reference', (reference) => {
  expect(() => expectReference(reference)).toThrow(TypeError)
})

test.each(['office-1', '事業所', '🏠', 'x'.repeat(200)])('%j is one', (reference) => {
  expectReference(reference)
  expect(reference.isWellFormed()).toBe(true)
})
