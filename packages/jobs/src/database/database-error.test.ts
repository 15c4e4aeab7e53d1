import { AbortedTransactionError } from 'kysely'
import { describe, expect, test } from 'vitest'
import { databaseError, isAway } from './database-error.ts'

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

  const endedBy = (severity: string, code: string) =>
    databaseError('batch', Object.assign(new Error('x'), { code, severity }), 'unknown')

  test.each([
    ['PANIC', '58030'],
    ['PANIC', '53100'],
    ['FATAL', 'XX000'],
    ['FATAL', '53200'],
  ])('is unknown where the session ended with it, as in a COMMIT: %s %s', (severity, code) => {
    expect(endedBy(severity, code).outcome).toBe('unknown')
  })

  test.each(['28P01', '28000', '3D000', '53300', '42501'])(
    'is none where the server took no session: FATAL %s',
    (code) => {
      expect(endedBy('FATAL', code).outcome).toBe('none')
    },
  )

  test('is none where COMMIT was answered with ROLLBACK', () => {
    expect(databaseError('batch', new AbortedTransactionError(), 'unknown').outcome).toBe('none')
  })
})

describe('that the database is away', () => {
  const away = Object.assign(new Error('x'), { code: 'ECONNREFUSED' })
  const itself = new AggregateError([])
  itself.errors.push(itself)
  const around = new AggregateError([])
  around.errors.push(new Error('x', { cause: around }))
  const circle = new Error('x')
  circle.cause = circle
  const revoked = Proxy.revocable([], {})
  revoked.revoke()

  test.each([
    ['the error itself', away],
    ['its cause', new Error('x', { cause: away })],
    ['each of its parts', new AggregateError([away, new Error('x', { cause: away })])],
    ['each part of its cause', new Error('x', { cause: new AggregateError([away]) })],
  ])('is what %s says', (_, error) => {
    expect(isAway(error)).toBe(true)
  })

  test.each([
    ['one part alone says', new AggregateError([away, new Error('x')])],
    ['is a part of itself', itself],
    ['is the cause of a part of itself', around],
    ['is its own cause', circle],
    [
      'has parts that no one can look at',
      Object.assign(new AggregateError([]), { errors: revoked.proxy }),
    ],
    ['is nothing', undefined],
  ])('is not what %s', (_, error) => {
    expect(isAway(error)).toBe(false)
  })
})
