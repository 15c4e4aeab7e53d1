import { unclearMistakes } from '@yuzuru/tooling/first-mistakes'
import { expect, test } from 'vitest'
import * as bounces from './bounces.ts'
import * as face from './index.ts'
import * as inlineCss from './inline-css.ts'
import * as invites from './invites.ts'
import * as previews from './previews.ts'
import * as testing from './testing.ts'

test.each([
  ['@yuzuru/mail', face],
  ['@yuzuru/mail/bounces', bounces],
  ['@yuzuru/mail/inline-css', inlineCss],
  ['@yuzuru/mail/invites', invites],
  ['@yuzuru/mail/previews', previews],
  ['@yuzuru/mail/testing', testing],
])(
  'whoever passes %s too little, or the wrong thing, is told what was expected',
  async (_, entry) => {
    expect(await unclearMistakes(entry)).toEqual([])
  },
)
