import { expect, test } from 'vitest'
import * as index from './index.ts'
import * as testing from './testing.ts'

test('the public face is what it is meant to be', () => {
  expect(Object.keys(index).toSorted()).toEqual([
    'HttpError',
    'HttpHeaders',
    'HttpResponse',
    'createHttp',
  ])
  expect(Object.keys(testing).toSorted()).toEqual([
    'Script',
    'ScriptedServer',
    'createFakeHttp',
    'exerciseHttp',
    'startScriptedServer',
  ])
})
