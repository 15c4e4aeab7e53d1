import { unclearMistakes } from '@yuzuru/tooling/first-mistakes'
import { expect, test } from 'vitest'
import * as dashboard from './dashboard.ts'
import * as face from './index.ts'
import * as testing from './testing.ts'

test.each([
  ['@yuzuru/jobs', face],
  ['@yuzuru/jobs/dashboard', dashboard],
  ['@yuzuru/jobs/testing', testing],
])(
  'whoever passes %s too little, or the wrong thing, is told what was expected',
  async (_, entry) => {
    expect(await unclearMistakes(entry)).toEqual([])
  },
)
