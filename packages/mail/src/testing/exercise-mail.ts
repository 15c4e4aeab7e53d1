import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { TimeoutError } from '@yuzuru/concurrency'
import { casesOf, type SuiteCase, TestClock } from '@yuzuru/concurrency/testing'
import { calendarInvite } from '../invites/calendar-invite.ts'
import { exerciseClient } from './exercise-client.ts'
import {
  assertOutcome,
  failureOf,
  letter,
  type MailFixture,
  type MailFixtureOptions,
  refused,
  refuseRecipient,
} from './mail-fixture.ts'

/**
 * What every {@link Mail} does, whatever is behind it: the fake of this package and a real server pass
 * the same cases. No test framework is needed.
 *
 * @param make opens a client with these options, on a server whose inbox is empty; it is disposed of after the case
 * @example
 * for (const { name, run } of exerciseMail(makeFixture)) test(name, run)
 */
export function exerciseMail(
  make: (options?: MailFixtureOptions) => Promise<MailFixture>,
): readonly SuiteCase[] {
  const made = casesOf(make)
  return [
    ...exerciseClient(make),
    made('delivers to all recipients and shows nobody the blind ones', async (fixture) => {
      const { mail } = fixture
      const sent = await mail.send({ ...letter, cc: 'taro@example.jp', bcc: 'jiro@example.jp' })
      const everybody = ['hanako@example.jp', 'taro@example.jp', 'jiro@example.jp']
      assert.deepEqual(sent.accepted, everybody)
      assert.deepEqual(sent.rejected, [])
      const [message, ...more] = fixture.received()
      assert.equal(more.length, 0)
      assert.equal(message?.messageId, sent.messageId)
      assert.deepEqual(message.envelope.to, everybody)
      assert.doesNotMatch(Buffer.from(message.raw).toString('latin1'), /jiro/)
    }),
    made(
      'gives the same Message-ID to the same key and another one to another',
      async (fixture) => {
        const { mail } = fixture
        for (const idempotencyKey of ['plan-7', 'plan-7', 'plan-8']) {
          await mail.send({ ...letter, idempotencyKey })
        }
        const [first, second, third] = fixture.received().map(({ messageId }) => messageId)
        assert.equal(first, second)
        assert.notEqual(first, third)
      },
    ),
    made('gives the subject, text and HTML that arrived as they were written', async (fixture) => {
      const text = `花子 様\n\n=20 ${'とても長い行'.repeat(40)}\n.`
      const html = '<p>花子 様 &amp; <b>=E3</b></p>'
      const notes = { filename: 'notes.txt', content: 'An attachment is no text.' }
      await fixture.mail.send({ ...letter, text, html, attachments: [notes] })
      await fixture.mail.send({ ...letter, text: 'plain' })
      const [first, second] = fixture.received()
      assert.equal(first?.subject, letter.subject)
      assert.equal(first.text.trimEnd(), text)
      assert.equal(first.html?.trimEnd(), html)
      assert.equal(second?.text.trimEnd(), 'plain')
      assert.equal(second.html, undefined)
    }),
    made('gives readers without HTML its text, with its links', async (fixture) => {
      const html = '<p>花子 様 <a href="https://example.jp/a">開く</a></p>'
      await fixture.mail.send({ ...letter, text: undefined, html })
      const [only] = fixture.received()
      assert.equal(only?.text.trimEnd(), '花子 様 開く [https://example.jp/a]')
      assert.equal(only.html?.trimEnd(), html)
    }),
    made('sends attachments of bytes, of a stream and of a stored object', async (fixture) => {
      const storage = {
        download: (key: string) =>
          Promise.resolve({
            body: Readable.from([Buffer.from(`stored ${key}`)]),
            info: { contentType: 'application/pdf' },
          }),
      }
      const attachments = [
        { filename: '計画書.bin', content: Uint8Array.of(0, 1, 255) },
        { filename: 'plans.csv', stream: () => Readable.from(['計画', ',7\n']) },
        { object: { storage, key: 'plans/7.pdf' } },
      ]
      await fixture.mail.send({ ...letter, attachments })
      const [message] = fixture.received()
      const arrived = message?.attachments.map(({ filename, contentType, content }) => ({
        filename,
        contentType,
        content: Buffer.from(content).toString('latin1'),
      }))
      const bytes = { contentType: 'application/octet-stream', content: '\0\u0001ÿ' }
      assert.deepEqual(arrived, [
        { filename: '計画書.bin', ...bytes },
        {
          filename: 'plans.csv',
          contentType: 'text/csv',
          content: Buffer.from('計画,7\n').toString('latin1'),
        },
        { filename: '7.pdf', contentType: 'application/pdf', content: 'stored plans/7.pdf' },
      ])
    }),
    made('sends an invite as an alternative of the text, with its method', async (fixture) => {
      const invite = calendarInvite({
        uid: 'plan-7@example.jp',
        start: new Date('2026-04-01T10:00:00+09:00'),
        end: new Date('2026-04-01T11:00:00+09:00'),
        timeZone: 'Asia/Tokyo',
        summary: '支援会議',
        organizer: 'no-reply@example.jp',
        attendees: ['hanako@example.jp'],
      })
      await fixture.mail.send({ ...letter, invite })
      const [message] = fixture.received()
      const raw = Buffer.from(message?.raw ?? []).toString('latin1')
      assert.match(raw, /^Content-Type: multipart\/alternative;/m)
      assert.match(raw, /^Content-Type: text\/calendar; charset=utf-8; method=REQUEST\r$/m)
      assert.equal(message?.text.trimEnd(), letter.text)
    }),
    made(
      'fails with attachment_failed and outcome none when one cannot be read',
      async (fixture) => {
        const stream = (): never => {
          throw new Error('no such plan')
        }
        const attachments = [{ filename: '計画書.pdf', stream }]
        const error = await failureOf(fixture.mail.send({ ...letter, attachments }))
        assert.equal(error.code, 'attachment_failed')
        assertOutcome(error, 'none', false)
        assert.doesNotMatch(error.message, /計画書/)
        assert.equal(fixture.received().length, 0)
      },
    ),
    made('refuses an invalid message with a TypeError and sends nothing', async (fixture) => {
      const { mail } = fixture
      const attack = { ...letter, subject: 'Hi\r\nBcc: eve@example.jp' }
      await assert.rejects(mail.send(attack), TypeError)
      await assert.rejects(mail.send({ ...letter, to: 'a@b.jp, c@d.jp' }), TypeError)
      await assert.rejects(mail.send({ ...letter, to: [] }), TypeError)
      assert.equal(fixture.received().length, 0)
    }),
    made('returns the refused recipients when others were taken', async (fixture) => {
      const { mail } = fixture
      refuseRecipient(fixture, 'taro@example.jp', 550)
      const sent = await mail.send({ ...letter, cc: 'taro@example.jp' })
      assert.deepEqual(sent.accepted, ['hanako@example.jp'])
      assert.deepEqual(sent.rejected, [refused('taro@example.jp', 550)])
      assert.deepEqual(fixture.received()[0]?.envelope.to, ['hanako@example.jp'])
    }),
    made('fails with recipient_rejected and outcome none when all are refused', async (fixture) => {
      refuseRecipient(fixture, 'hanako@example.jp', 550)
      const error = await failureOf(fixture.mail.send(letter))
      assert.equal(error.code, 'recipient_rejected')
      assert.equal(error.status, 550)
      assertOutcome(error, 'none', false)
      assert.deepEqual(error.rejected, [refused('hanako@example.jp', 550)])
      assert.doesNotMatch(error.message, /hanako/)
    }),
    made('fails with temporarily_rejected, to be tried again, on a 4xx', async (fixture) => {
      refuseRecipient(fixture, 'hanako@example.jp', 451)
      const atRecipient = await failureOf(fixture.mail.send(letter))
      assert.equal(atRecipient.code, 'temporarily_rejected')
      assertOutcome(atRecipient, 'none', true)
      fixture.setAnswers({ onMessage: () => ({ reject: 452 }) })
      const atData = await failureOf(fixture.mail.send(letter))
      assert.equal(atData.code, 'temporarily_rejected')
      assertOutcome(atData, 'none', true)
    }),
    made(
      'fails with message_rejected on a 5xx to the message, and sends the next',
      async (fixture) => {
        fixture.setAnswers({ onMessage: () => ({ reject: 554 }) })
        const error = await failureOf(fixture.mail.send(letter))
        assert.equal(error.code, 'message_rejected')
        assertOutcome(error, 'none', false)
        fixture.setAnswers({})
        await fixture.mail.send(letter)
        assert.equal(fixture.received().length, 1)
      },
    ),
    made('has an unknown outcome when the connection breaks after DATA', async (fixture) => {
      const codes = []
      for (const drop of ['kept', 'lost'] as const) {
        fixture.setAnswers({ onMessage: () => ({ drop }) })
        const error = await failureOf(fixture.mail.send(letter))
        codes.push(error.code)
        assertOutcome(error, 'unknown', true)
      }
      assert.deepEqual(codes, ['connection_lost', 'connection_lost'])
      assert.equal(fixture.received().length, 1)
    }),
    made('has an unknown outcome when a deadline ends a silence after DATA', async (fixture) => {
      const arrived = Promise.withResolvers<void>()
      fixture.setAnswers({
        onMessage: () => {
          arrived.resolve()
          return { silent: 'kept' }
        },
      })
      using clock = TestClock.install()
      const sending = fixture.mail
        .send(letter, { timeoutMs: 5_000 })
        .catch((error: unknown) => error)
      await Promise.race([arrived.promise, sending])
      await clock.advance(5_000)
      const error = await sending
      assert.ok(TimeoutError.isInstance(error))
      assert.equal(error.outcome, 'unknown')
      assert.equal(fixture.received().length, 1)
    }),
    made('refuses to send once it is closed, and closes twice', async (fixture) => {
      const { mail } = fixture
      await mail.close()
      await mail.close()
      const error = await failureOf(mail.send(letter))
      assert.equal(error.code, 'closed')
      assertOutcome(error, 'none', false)
    }),
    made('is well, and not once it is closed', async ({ mail }) => {
      assert.equal(mail.boundary, 'mail')
      await mail.health()
      await mail.close()
      const error = await failureOf(mail.health())
      assert.equal(error.code, 'closed')
      assertOutcome(error, 'none', false)
    }),
  ]
}
