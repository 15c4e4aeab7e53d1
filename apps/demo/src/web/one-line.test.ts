import { createFakeMail } from '@yuzuru/mail/testing'
import { assert, asyncProperty, constantFrom, oneof, string } from 'fast-check'
import { expect, test } from 'vitest'
import { Fields } from './fields.ts'

/** Any text, and mostly what could break a line. */
const anyText = string({
  unit: oneof(
    constantFrom('\n', '\r', '\t', '\0', '\u001b', '\u007f', '\u0085', '\u2028', '\u2029'),
    constantFrom('\u202e', '\u2066', '\ud800', '"', '\\', '<', ',', '=?', '佐', 'a'),
    string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 30,
})

test('whatever a field of one line takes, a mail takes as a name and in its subject', async () => {
  await using mail = createFakeMail({ from: 'no-reply@example.jp' })
  let taken = 0
  await assert(
    asyncProperty(anyText, async (typed) => {
      const fields = new Fields({ name: typed })
      const name = fields.text('name', { max: 100 })
      if (fields.problems.length > 0) return
      taken += 1
      await mail.send({
        to: { name, address: 'a@example.jp' },
        subject: `承認: ${name}`,
        text: name,
        idempotencyKey: 'a',
      })
    }),
    { numRuns: 2_000, seed: 1 },
  )
  expect(taken).toBeGreaterThan(100)
})
