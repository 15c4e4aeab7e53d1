import { expect, test } from 'vitest'
import { moved } from './moved.ts'

test('moved refuses a transfer list that is none', () => {
  expect(() => moved(1, new ArrayBuffer(1) as never)).toThrow(
    'Expected transfer to be an array, got an instance of ArrayBuffer',
  )
})
