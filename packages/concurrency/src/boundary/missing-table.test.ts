import { describe, expect, test } from 'vitest'
import { isMissingTable } from './missing-table.ts'

const failure = (message: string, fields: object) => Object.assign(new Error(message), fields)

describe('a table of a package that is not there', () => {
  test.each([
    ['as pg says it', failure('relation "yuzuru_x_keys" does not exist', { code: '42P01' })],
    [
      'as DbError says it',
      failure('relation "yuzuru_x_keys" does not exist', {
        code: 'undefined_object',
        sqlState: '42P01',
      }),
    ],
    [
      'of an earlier version, without a column',
      failure('column "state" of relation "yuzuru_x_keys" does not exist', { code: '42703' }),
    ],
  ])('is known %s', (_how, error) => {
    expect(isMissingTable(error, 'yuzuru_x_')).toBe(true)
  })

  test.each([
    ["another's table", failure('relation "plans" does not exist', { code: '42P01' })],
    ['another failure', failure('duplicate key in "yuzuru_x_keys"', { code: '23505' })],
    ['what is no error', 'relation "yuzuru_x_keys" does not exist'],
    ['nothing', undefined],
  ])('is not %s', (_what, error) => {
    expect(isMissingTable(error, 'yuzuru_x_')).toBe(false)
  })
})
