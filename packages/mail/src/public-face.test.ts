import { expect, test } from 'vitest'
import * as main from './index.ts'
import * as preview from './previews.ts'
import * as testing from './testing.ts'

test('the public face is what it was meant to be', () => {
  expect(Object.keys(main).sort()).toEqual([
    'Html',
    'MailError',
    'createMail',
    'defineAsyncTemplate',
    'defineTemplate',
    'html',
    'nativeErrorOf',
    'templateFolder',
    'trustedHtml',
  ])
  expect(Object.keys(preview)).toEqual(['previews'])
  expect(Object.keys(testing).sort()).toEqual(['createFakeMail', 'exerciseMail'])
})
