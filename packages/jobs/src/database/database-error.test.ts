import { describe, expect, test } from 'vitest'
import { databaseError } from './database-error.ts'

const errorOf = (code: string) =>
  databaseError('enqueue', Object.assign(new Error(`${code} of a driver`), { code }), 'unknown')

describe('what another driver threw', () => {
  test.each([
    'EPIPE',
    'ECONNRESET',
    'ETIMEDOUT',
    '08000',
    '08006',
    '57P01',
    '57P05',
    '25P03',
    '25P04',
    '40003',
  ])('is unknown where the connection ended with it: %s', (code) => {
    expect(errorOf(code).outcome).toBe('unknown')
  })

  test.each(['EPIPE', 'ECONNRESET', '08006', '57P01'])('and may be tried again: %s', (code) => {
    expect(errorOf(code).retryable).toBe(true)
  })

  test.each(['23505', '40001', '40P01', '42P01', '57014', '55P03', '22P02'])(
    'is none where the server refused the statement: %s',
    (code) => {
      expect(errorOf(code).outcome).toBe('none')
    },
  )
})
