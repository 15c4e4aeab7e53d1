import { expect, test } from 'vitest'
import { KnownTexts } from './known-texts.ts'

/** A memory, and the texts that were looked through. */
function memory() {
  const found: string[] = []
  const texts = new KnownTexts<{ readonly sql: string }>(({ sql }) => {
    found.push(sql)
    return sql.startsWith('yes')
  })
  return { found, is: (sql: string) => texts.is({ sql }) }
}

test('a text is looked through once, and the answer is remembered', () => {
  const { found, is } = memory()
  expect(['yes', 'no', 'yes', 'no'].map(is)).toEqual([true, false, true, false])
  expect(found).toEqual(['yes', 'no'])
})

test('a long text is not kept: it is looked through each time', () => {
  const { found, is } = memory()
  const [longest, longer] = [`yes ${'x'.repeat(9_996)}`, `yes ${'x'.repeat(9_997)}`]
  expect([longest, longest, longer, longer].map(is)).toEqual([true, true, true, true])
  expect(found).toEqual([longest, longer, longer])
})

test('no more than so many are kept', () => {
  const { found, is } = memory()
  for (let n = 0; n < 2_001; n += 1) is(`no ${n}`)
  is('no 2000')
  expect(found).toHaveLength(2_001)
  is('no 0')
  expect(found).toHaveLength(2_002)
})
