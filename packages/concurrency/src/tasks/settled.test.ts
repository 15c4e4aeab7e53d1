import { expect, test } from 'vitest'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { settled } from './settled.ts'

const failed = new Error('failed')
const fail = (): never => {
  throw failed
}

test('a call that fails is a result, within a scope and without one', async () => {
  const ended = { status: 'rejected', reason: failed }
  expect(await settled(fail)).toEqual(ended)
  expect(await cancelScope(() => settled(fail))).toEqual(ended)
})
