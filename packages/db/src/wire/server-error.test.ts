import { expect, test } from 'vitest'
import { safeMessageOf } from './server-error.ts'

function failure(code: string, message: string): string {
  return safeMessageOf(Object.assign(new Error(message), { code, severity: 'ERROR' }))
}

test.each([
  ['P0001', 'could not connect to postgres://u:pa@ss@other', 'postgres://[redacted]@other'],
  ['08001', 'invalid connection option "password=x y"', 'password=[redacted]'],
  ['P0001', 'refused: {"api_key":"correct horse"}', '{"api_key":"[redacted]"}'],
  ['22P02', 'invalid input syntax for type date: "hunter2"', 'PostgreSQL refused a value'],
  ['42703', 'column "password" does not exist', 'column "password" does not exist'],
  ['23505', 'duplicate key value violates "sessions_pkey"', 'violates "sessions_pkey"'],
])('the message of %s shows no secret: %s', (code, message, shown) => {
  expect(failure(code, message)).toContain(shown)
  expect(failure(code, message)).not.toMatch(/pa@ss|=x|horse|hunter2/)
})
