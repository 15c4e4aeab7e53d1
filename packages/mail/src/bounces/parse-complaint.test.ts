import { describe, expect, test } from 'vitest'
import { BOUNCES, COMPLAINT, MISSING, OTHERS } from '../../test/bounce-samples.ts'
import { JUNK_MAIL, MORE_BOUNCES } from '../../test/more-bounces.ts'
import { parseComplaint } from './parse-complaint.ts'

describe('parseComplaint', () => {
  test('reads a report of a feedback loop', async () => {
    expect(await parseComplaint(COMPLAINT)).toEqual({
      type: 'abuse',
      recipients: ['hanako@provider.example', 'taro@provider.example'],
      envelopeFrom: 'bounce+7@example.jp',
      messageId: '<plan-7@example.jp>',
      arrivedAt: new Date('2026-11-29T01:00:00Z'),
      userAgent: 'SomeGenerator/1.0',
    })
  })

  test('reads one that has nothing but its type', async () => {
    const none = { envelopeFrom: undefined, messageId: undefined, arrivedAt: undefined }
    expect(await parseComplaint(Buffer.from(MISSING))).toEqual({
      type: 'fraud',
      recipients: [],
      ...none,
      userAgent: undefined,
    })
  })

  test('reads what Microsoft sends, which is no report, and only from there', async () => {
    expect(await parseComplaint(JUNK_MAIL)).toEqual({
      type: 'abuse',
      recipients: ['hanako@outlook.example'],
      envelopeFrom: undefined,
      messageId: '<plan-7@example.jp>',
      arrivedAt: undefined,
      userAgent: undefined,
    })
    for (const [from, to] of [
      ['staff@hotmail.com', 'hanako@example.jp'],
      ['complaint about message', 'hello'],
      ['message/rfc822', 'text/plain'],
    ] as const) {
      expect(await parseComplaint(JUNK_MAIL.replace(from, to))).toBeUndefined()
    }
  })

  test('finds none in other mail', async () => {
    for (const [, raw] of [...BOUNCES, ...MORE_BOUNCES, ...OTHERS]) {
      expect(await parseComplaint(raw)).toBeUndefined()
    }
    await expect(parseComplaint(undefined as never)).rejects.toThrow(TypeError)
  })
})
