import { unclearMistakes } from '@yuzuru/tooling/first-mistakes'
import { expect, test } from 'vitest'
import * as face from './index.ts'

test.each([['@yuzuru/sandbox', face]])(
  'whoever passes %s too little, or the wrong thing, is told what was expected',
  async (_, entry) => {
    expect(await unclearMistakes(entry)).toEqual([])
  },
)
