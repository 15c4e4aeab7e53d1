import { unclearMistakes } from '@yuzuru/tooling/first-mistakes'
import { expect, test } from 'vitest'
import * as face from './index.ts'
import * as kysely from './kysely.ts'
import { memoryCalendarStore } from './testing.ts'

test('whoever passes too little, or the wrong thing, is told what was expected', async () => {
  expect(await unclearMistakes({ ...face, ...kysely, memoryCalendarStore })).toEqual([])
})
