import { describe, expect, test } from 'vitest'
import { exerciseCalendarStore } from '../testing/exercise-calendar-store.ts'
import { memoryCalendarStore } from './memory-store.ts'
import { plainCipher } from '../testing/plain-cipher.ts'
import type { TokenCipher } from './token-cipher.ts'

describe('the store in memory', () => {
  const make = (): ReturnType<typeof memoryCalendarStore> =>
    memoryCalendarStore({ cipher: plainCipher() })
  for (const { name, run } of exerciseCalendarStore(make)) test(name, run)

  test('is not made without a cipher', () => {
    const without = {} as { cipher: TokenCipher }
    expect(() => memoryCalendarStore(without)).toThrow(TypeError)
  })
})
