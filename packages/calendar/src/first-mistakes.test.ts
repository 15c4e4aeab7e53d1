import { unclearMistakes } from '@yuzuru/tooling/first-mistakes'
import { expect, test } from 'vitest'
import * as face from './index.ts'
import * as kysely from './kysely.ts'
import * as testing from './testing.ts'

test.each([
  ['@yuzuru/calendar', face],
  ['@yuzuru/calendar/kysely', kysely],
  ['@yuzuru/calendar/testing', testing],
])(
  'whoever passes %s too little, or the wrong thing, is told what was expected',
  async (_, entry) => {
    expect(await unclearMistakes(entry)).toEqual([])
  },
)
