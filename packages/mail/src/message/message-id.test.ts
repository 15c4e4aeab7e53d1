import { describe, expect, test } from 'vitest'
import { messageIdOf } from './message-id.ts'

describe('messageIdOf', () => {
  test('follows from the key and the domain alone', () => {
    const id = messageIdOf({ idempotencyKey: 'reminder:plan-7:staff-3' }, 'example.jp')
    expect(id).toBe('<79a2df2cad5bcaded793502174940f394329e419@example.jp>')
    expect(messageIdOf({ idempotencyKey: 'reminder:plan-7:staff-4' }, 'example.jp')).not.toBe(id)
  })

  test('does not show the key', () => {
    expect(messageIdOf({ idempotencyKey: 'hanako' }, 'example.jp')).not.toContain('hanako')
  })

  test('takes an id of the caller, and makes a random one without', () => {
    expect(messageIdOf({ messageId: '<a.b@example.jp>' }, 'x.jp')).toBe('<a.b@example.jp>')
    expect(messageIdOf({}, 'x.jp')).not.toBe(messageIdOf({}, 'x.jp'))
  })

  test.each([
    { messageId: 'a@example.jp' },
    { messageId: '<a@example.jp>\r\nBcc: eve@example.jp' },
    { messageId: '<a b@example.jp>' },
    { messageId: '<a@example.jp>', idempotencyKey: 'k' },
    { idempotencyKey: '' },
  ])('refuses %o', (ids) => {
    expect(() => messageIdOf(ids, 'example.jp')).toThrow(TypeError)
  })
})
