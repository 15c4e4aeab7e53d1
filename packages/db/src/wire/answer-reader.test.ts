import { describe, expect, test } from 'vitest'
import { AnswerReader } from './answer-reader.ts'
import {
  authentication,
  bytesOf,
  columns,
  complete,
  failure,
  int16,
  int32,
  message,
  type Message,
  ready,
  row,
  setting,
  startup,
  text,
} from '../../test/answers.ts'

const MAX = 100_000

/** What a reader gives for these messages after a startup, and what is wrong with the first that is. */
function read(...messages: readonly Message[]): string | undefined {
  const reader = started()
  const { failure: found } = reader.read(Buffer.concat(messages.map(bytesOf)))
  return found === undefined ? undefined : (found as Error).message
}

function started(): AnswerReader {
  const reader = new AnswerReader(MAX)
  expect(reader.read(Buffer.concat(startup().map(bytesOf))).failure).toBeUndefined()
  return reader
}

const GOOD: readonly (readonly [string, Message])[] = [
  ['a row', row('1', null, '')],
  ['a row without values', row()],
  ['columns', columns(['x', 23], ['y', 25])],
  ['a refusal', failure({ S: 'ERROR', C: '42P01', M: 'no', q: 'select 1' })],
  ['a notice without fields', failure({}, 'N')],
  ['a setting', setting('TimeZone', '')],
  ['a notification', message('A', int32(1), text('plans'), text('x'.repeat(8_000)))],
  ['parameters', message('t', int16(2), int32(23), int32(25))],
  ['that it is ready', ready('E')],
]

const BAD: readonly (readonly [string, Message])[] = [
  ['of a kind that there is not', message('v', int32(0), int32(0))],
  ['that is shorter than its length', { ...ready(), length: 3 }],
  ['of length zero', { ...ready(), length: 0 }],
  ['of a length below zero', { ...row('1'), length: -1 }],
  ['whose row says more than it holds', message('D', int16(2), int32(1), '1')],
  ['whose value says more than it holds', message('D', int16(1), int32(9), '1')],
  ['whose value has a length below that of NULL', message('D', int16(1), int32(-2))],
  ['whose row has fewer than no values', message('D', int16(-1))],
  ['whose row holds more than it says', message('D', int16(0), '1')],
  ['that describes fewer than no columns', message('T', int16(-1))],
  ['that describes columns that do not come', message('T', int16(32_767), text('x'))],
  ['whose error has no end', message('E', 'SERROR\0')],
  ['whose error has a text without an end', message('E', 'SERROR')],
  ['that is ready in a state that there is not', ready('X')],
  ['that completes without an end', message('C', 'SELECT 1')],
  ['with a longer key', message('K', int32(1), Buffer.alloc(252))],
  ['that completes at length', complete('x'.repeat(30_001))],
  ['with data of a COPY that there is not', message('d', 'x')],
  ['that asks who we are once more', authentication(3)],
]

describe('an answer', () => {
  test.each(GOOD)('is read: %s', (_name, each) => {
    expect(read(each)).toBeUndefined()
  })

  test.each(BAD)('is refused %s', (_name, each) => {
    expect(read(each)).toMatch(/^The server broke PostgreSQL's protocol: /)
  })

  test('is given on up to what is wrong with it', () => {
    const good = Buffer.concat([row('1'), complete('SELECT 1')].map(bytesOf))
    const { whole, failure: found } = started().read(Buffer.concat([good, bytesOf(ready('X'))]))
    expect(whole).toEqual(good)
    expect(found).toBeInstanceOf(Error)
  })

  test('is the same in pieces of any size', () => {
    const bytes = Buffer.concat(
      [
        ...startup(),
        columns(['x', 25]),
        row('é'.repeat(3_000)),
        ...GOOD.map(([, each]) => each),
      ].map(bytesOf),
    )
    for (const size of [1, 2, 3, 4, 5, 6, 7, 64, 1_000, 6_000, bytes.length]) {
      const reader = new AnswerReader(MAX)
      const pieces: Buffer[] = []
      for (let at = 0; at < bytes.length; at += size) {
        // The socket may use its buffer again.
        const piece = Buffer.from(bytes.subarray(at, at + size))
        const { whole, failure: found } = reader.read(piece)
        expect(found).toBeUndefined()
        pieces.push(Buffer.from(whole))
      }
      expect(Buffer.concat(pieces)).toEqual(bytes)
    }
  })

  test('that is too large is refused as soon as its head says so', () => {
    const head = bytesOf({ ...row(), length: MAX + 1 }).subarray(0, 5)
    expect(started().read(head).failure).toMatchObject({ code: 'answer_too_large' })
  })

  test('of many rows is refused when together they are too large, and not before', () => {
    const reader = started()
    const thousand = bytesOf(row('x'.repeat(989)))
    for (let count = 0; count < 100; count += 1)
      expect(reader.read(thousand).failure).toBeUndefined()
    expect(reader.read(thousand).failure).toMatchObject({ code: 'answer_too_large' })
  })

  test('counts anew for each statement, and not what is not kept', () => {
    const reader = started()
    const half = bytesOf(row('x'.repeat(MAX / 2)))
    const copied = bytesOf(message('d', Buffer.alloc(MAX / 2)))
    reader.read(bytesOf(message('H', Buffer.of(0, 0, 0))))
    for (let count = 0; count < 9; count += 1) expect(reader.read(copied).failure).toBeUndefined()
    for (let count = 0; count < 9; count += 1) {
      expect(reader.read(Buffer.concat([half, bytesOf(ready())])).failure).toBeUndefined()
    }
  })

  test('that is dripped takes no more than twice what has come of it', () => {
    const reader = new AnswerReader(1_073_741_823)
    reader.read(Buffer.concat(startup().map(bytesOf)))
    const head = bytesOf({ ...row(), length: 1_000_000_000 }).subarray(0, 5)
    const before = process.memoryUsage().arrayBuffers
    reader.read(head)
    for (let count = 0; count < 1_000_000; count += 1) reader.read(Buffer.of(1))
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8_000_000)
  })
})

describe('before the first statement', () => {
  const sasl = authentication(10, 'SCRAM-SHA-256\0\0')
  const next = authentication(11, 'r=x,s=eA==,i=4096')
  const last = authentication(12, 'v=eA==')
  const ok = authentication(0)

  function start(...messages: readonly Message[]): unknown {
    return new AnswerReader(MAX).read(Buffer.concat(messages.map(bytesOf))).failure
  }

  test.each([
    ['trust', [ok]],
    ['a password', [authentication(3), ok]],
    ['MD5', [authentication(5, 'salt'), ok]],
    ['SCRAM', [sasl, next, last, ok]],
  ])('%s lets us in', (_name, steps) => {
    expect(start(...steps, ready())).toBeUndefined()
  })

  test.each([
    ['it is ready without having let us in', [ready()]],
    ['SCRAM is left before the server has proved who it is', [sasl, next, ok]],
    ['SCRAM begins in its middle', [next, last, ok]],
    ['SCRAM turns to a password', [sasl, authentication(3)]],
    ['a password is asked for twice', [authentication(3), authentication(3)]],
    ['it asks again after it has let us in', [ok, authentication(3)]],
    ['an authentication has an odd kind', [authentication(7)]],
    ['an authentication is longer than libpq takes', [authentication(10, 'x'.repeat(2_000))]],
    ['rows come', [ok, row('1')]],
    [
      'its notices have no end',
      Array.from({ length: 2_000 }, () => failure({ M: 'x'.repeat(999) }, 'N')),
    ],
  ])('a server is refused when %s', (_name, steps) => {
    expect(start(...steps)).toMatchObject({ code: expect.stringMatching(/protocol|large/) })
  })
})
