import { expect, test } from 'vitest'
import * as storage from './index.ts'
import * as testing from './testing.ts'

test('the public face is what it is meant to be', () => {
  expect(Object.keys(storage).sort()).toEqual([
    'StorageError',
    'contentDisposition',
    'createStorage',
  ])
  expect(Object.keys(testing).sort()).toEqual(['createFakeStorage', 'exerciseStorage'])
})
