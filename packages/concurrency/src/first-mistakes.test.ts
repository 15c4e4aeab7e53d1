import { unclearMistakes } from '@yuzuru/tooling/first-mistakes'
import { expect, test } from 'vitest'
import * as core from './index.ts'
import * as sync from './sync.ts'
import * as testing from './testing.ts'

test.each([
  // `run` takes the process over; `mark` is for whoever writes a class of errors, in its static block.
  ['@yuzuru/concurrency', core, ['run', 'mark']],
  ['@yuzuru/concurrency/sync', sync, []],
  ['@yuzuru/concurrency/testing', testing, []],
])(
  'whoever passes %s too little, or the wrong thing, is told what was expected',
  async (_, face, except) => {
    expect(await unclearMistakes(face, except)).toEqual([])
  },
)
