import { describe, expect, test } from 'vitest'
import { expectOptions } from '../arguments/expect-options.ts'
import { exerciseOptions, type ExerciseOptionsInit } from './exercise-options.ts'

const face = {
  strict: (options?: object) => expectOptions(options, ['name'], 'strict'),
  lax: (_options?: object) => undefined,
  lenient: (options?: object) => expectOptions(options ?? undefined, ['name'], 'lenient'),
  clumsy: (options: { name?: { first: string } }) => options.name?.first.length,
  other: () => undefined,
}

/** What each case says; nothing where it passes. */
const said = async (init: ExerciseOptionsInit): Promise<Record<string, string | undefined>> => {
  const results: [string, string | undefined][] = []
  for (const { name, run } of exerciseOptions(init)) {
    results.push([
      name,
      await run().then(
        () => undefined,
        (error: Error) => error.message,
      ),
    ])
  }
  return Object.fromEntries(results)
}

describe('exerciseOptions', () => {
  test('passes what refuses a misspelt option and null, also if it does so later', async () => {
    expect(
      await said({
        takers: { strict: face.strict, later: async (options) => face.strict(options) },
      }),
    ).toEqual({
      strict: undefined,
      later: undefined,
      'every public function and method that takes options': undefined,
    })
  })

  test('finds what takes anything, what takes null, and what fails in other words', async () => {
    const { lax, lenient, clumsy } = face
    const results = await said({ takers: { lax, lenient, clumsy }, others: 'lax other' })
    expect(Object.values(results)).toEqual([
      'lax is listed as one that takes no options',
      'lenient takes what it does not know',
      'clumsy takes what it does not know',
      undefined,
    ])
    const wrong = { throws: () => Promise.reject(new Error('no')) }
    expect((await said({ takers: wrong }))['throws']).toBe(
      'throws does not say which option it does not know',
    )
    const half = (options: object | null): void => {
      if (options === null) throw new RangeError('null')
      face.strict(options)
    }
    expect((await said({ takers: { half } }))['half']).toBe(
      'half does not refuse null with a TypeError',
    )
  })

  test('finds what is public and not tried: of modules, objects, and instances by way of their classes', async () => {
    class Base {
      base(): void {}
    }
    class Client extends Base {
      field = 1
      get figure(): number {
        return 1
      }
      method(): void {}
    }
    const { strict, lax } = face
    const results = await said({
      takers: { strict, 'client.method': strict },
      others: 'other\n  client.figure',
      faces: { '': [{ strict, lax }, { other: lax }], client: () => new Client() },
    })
    expect(results['every public function and method that takes options']).toBe(
      'Not tried: lax, client.field, client.base',
    )
  })

  test('refuses misspelt options itself', () => {
    expect(() => exerciseOptions({ taker: {} } as never)).toThrow('did you mean "takers"?')
  })
})
