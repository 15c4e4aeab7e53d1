import { describe, expect, test } from 'vitest'
import { expectText } from '../arguments/expected.ts'
import { exerciseHostileTexts, HOSTILE_SQL } from './exercise-hostile-texts.ts'

/** A store that keeps texts, or reads them as SQL. */
class Store implements AsyncDisposable {
  readonly texts: string[] = []
  harmed = false

  keep(text: string): void {
    this.texts.push(text)
  }

  splice(text: string): void {
    if (text.includes('drop table')) this.harmed = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.texts.length = 0
  }
}

const check = ({ harmed }: Store): void => {
  if (harmed) throw new Error('harmed')
}

const said = async (
  way: (store: Store, text: string) => unknown,
  isRefusal?: (error: unknown) => boolean,
): Promise<string | undefined> => {
  const [only] = exerciseHostileTexts({
    make: () => new Store(),
    ways: { 'a reference': way },
    check,
    isRefusal,
  })
  expect(only?.name).toBe('is a value and nothing else: a reference')
  return await only?.run().then(
    () => undefined,
    (error: Error) => error.message,
  )
}

describe('exerciseHostileTexts', () => {
  test('passes what keeps the texts as values', async () => {
    expect(await said((store, text) => store.keep(text))).toBeUndefined()
  })

  test('passes what refuses them as a mistake of the caller, or as a value', async () => {
    expect(await said((_, text) => expectText('reference', text, 1))).toBeUndefined()
    const refuse = (): never => {
      throw Object.assign(new Error('invalid'), { code: '22P02' })
    }
    expect(await said(refuse, (error) => (error as { code?: string }).code === '22P02')).toBe(
      undefined,
    )
    expect(await said(refuse)).toBe('a reference was not refused as a value')
  })

  test('finds what reads them as SQL', async () => {
    expect(await said((store, text) => store.splice(text))).toBe('harmed')
  })

  test('a platform’s own TypeError is no refusal', async () => {
    expect(await said((_, text) => (text as unknown as { a: { b: 1 } }).a.b)).toBe(
      'a reference was not refused as a value',
    )
  })

  test('the texts do harm in each place where SQL may take one, and refuse misspelt options', () => {
    expect(HOSTILE_SQL.filter((text) => text.includes('drop table canary')).length).toBeGreaterThan(
      10,
    )
    expect(new Set(HOSTILE_SQL).size).toBe(HOSTILE_SQL.length)
    expect(() => exerciseHostileTexts({ made: 1 } as never)).toThrow('did you mean "make"?')
  })
})
