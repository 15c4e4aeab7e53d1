import { unclearMistakes } from '@yuzuru/tooling/first-mistakes'
import { expect, test } from 'vitest'
import * as browser from './browser.ts'
import * as face from './index.ts'
import * as testing from './testing.ts'

test.each([
  ['@yuzuru/storage', face],
  ['@yuzuru/storage/browser', browser],
  ['@yuzuru/storage/testing', testing],
])(
  'whoever passes %s too little, or the wrong thing, is told what was expected',
  async (_, entry) => {
    expect(await unclearMistakes(entry)).toEqual([])
  },
)
