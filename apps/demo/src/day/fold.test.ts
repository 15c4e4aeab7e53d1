import stringWidth from 'fast-string-width'
import { array, assert, constantFrom, integer, property, tuple } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fold, foldBetween } from './fold.ts'

const widths = (text: string): number[] => text.split('\n').map((line) => stringWidth(line))

describe('fold', () => {
  test('leaves a line that fits', () => {
    expect(fold('    ✓ the mail arrives: 1')).toBe('    ✓ the mail arrives: 1')
  })

  test('goes on below where the text began', () => {
    const folded = fold(`    ✓ ${'職員のみなさんへ'.repeat(8)}`)
    expect(folded.split('\n').map((line) => line.search(/[^ ]/))).toEqual([4, 6])
    expect(Math.max(...widths(folded))).toBeLessThanOrEqual(80)
  })

  test('makes no line of more than 80 columns, and loses nothing but spaces', () => {
    const word = array(constantFrom('a', 'z', '会', '議', 'é', '（', '✓', '…'), {
      minLength: 1,
      maxLength: 100,
    }).map((letters) => letters.join(''))
    const line = tuple(
      integer({ min: 0, max: 8 }),
      array(word, { minLength: 1, maxLength: 12 }),
    ).map(([indent, words]) => ' '.repeat(indent) + words.join(' '))
    assert(
      property(line, (text) => {
        for (const folded of [fold(text), foldBetween(text, '1234 ms')]) {
          expect(Math.max(...widths(folded))).toBeLessThanOrEqual(80)
        }
        expect(fold(text).replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''))
      }),
    )
  })
})

test('what is to stand at the end does so, if need be on a line of its own', () => {
  expect(foldBetween('✓ 1. 登録', '12 ms')).toBe(`✓ 1. 登録${' '.repeat(66)}12 ms`)
  expect(foldBetween('x'.repeat(78), '12 ms')).toBe(`${'x'.repeat(78)}\n${' '.repeat(75)}12 ms`)
})
