import { assert, constantFrom, nat, property, record } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectOptions } from './expect-options.ts'

const known = ['timeoutMs', 'signal', 'name', 'maxSize', 'concurrency', 'idempotent']

const messageOf = (options: unknown): string => {
  try {
    expectOptions(options, known, 'upload')
    return 'taken'
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    return (error as Error).message
  }
}

describe('expectOptions', () => {
  test('takes known options, none, and undefined', () => {
    const inherited = Object.create({ name: 'n' }) as object
    for (const options of [undefined, {}, { timeoutMs: undefined }, inherited]) {
      expect(messageOf(options)).toBe('taken')
    }
  })

  test.each([
    [{ timeoutMS: 1 }, 'got "timeoutMS"; did you mean "timeoutMs"?'],
    [{ timeout: 1 }, 'got "timeout"; did you mean "timeoutMs"?'],
    [{ name: 'n', singal: 1 }, 'got "singal"; did you mean "signal"?'],
    [{ max: 1 }, 'got "max"; did you mean "maxSize"?'],
    [{ concurrrencyy: 1 }, 'got "concurrrencyy"; did you mean "concurrency"?'],
    [Object.create({ nmae: 1 }), 'got "nmae"; did you mean "name"?'],
    [{ colour: 1 }, `got "colour"; it takes ${known.join(', ')}`],
    [{ 'secret text of somebody': 1 }, `got another; it takes ${known.join(', ')}`],
    [{ ['x'.repeat(100_000)]: 1 }, `got another; it takes ${known.join(', ')}`],
    [{ toString: 1 }, `got "toString"; it takes ${known.join(', ')}`],
  ])('refuses %o', (options, said) => {
    expect(messageOf(options)).toBe(`Expected a known option of upload, ${said}`)
  })

  test('refuses what is no object', () => {
    for (const wrong of [null, 'timeoutMs', 1, true, () => 1]) {
      expect(messageOf(wrong)).toMatch(/^Expected the options of upload to be an object, got /)
    }
    expect(messageOf([1])).toMatch(/^Expected a known option of upload, got "0"/)
  })

  test('names what was meant, whatever the slip of the pen', () => {
    const slips = record({
      name: constantFrom(...known),
      at: nat(20),
      letter: constantFrom('a', 'c', 'x', 'M', 'S'),
      slip: constantFrom('drop', 'double', 'replace', 'swap', 'case'),
    })
      .map(({ name, at, letter, slip }) => {
        const i = at % (name.length - 1)
        const [before, here, next, after] = [
          name.slice(0, i),
          name.charAt(i),
          name.charAt(i + 1),
          name.slice(i + 2),
        ]
        const slipped = {
          drop: before + next + after,
          double: before + here + here + next + after,
          replace: before + letter + next + after,
          swap: before + next + here + after,
          case: name.toUpperCase(),
        }[slip]
        return { name, slipped }
      })
      .filter(({ slipped }) => !known.includes(slipped))
    assert(
      property(slips, ({ name, slipped }) => {
        expect(messageOf({ [slipped]: 1 })).toContain(`did you mean "${name}"?`)
      }),
    )
  })
})
