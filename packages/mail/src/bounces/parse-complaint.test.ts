import { describe, expect, test } from 'vitest'
import { BOUNCES, COMPLAINT, MISSING, OTHERS } from '../../test/bounce-samples.ts'
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

  test('finds none in other mail', async () => {
    for (const [, raw] of [...BOUNCES, ...OTHERS]) {
      expect(await parseComplaint(raw)).toBeUndefined()
    }
    await expect(parseComplaint(undefined as never)).rejects.toThrow(TypeError)
  })
})
