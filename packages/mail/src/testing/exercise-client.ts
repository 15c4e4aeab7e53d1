import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { TimeoutError } from '@yuzuru/concurrency'
import { casesOf, type SuiteCase, TestClock } from '@yuzuru/concurrency/testing'
import type { SendResult } from '../sending/send-many.ts'
import {
  assertOutcome,
  failureOf,
  letter,
  type MailFixture,
  type MailFixtureOptions,
  refused,
  refuseRecipient,
} from './mail-fixture.ts'

/** A second try at once. */
const AT_ONCE = { attempts: 3, random: () => 0 } as const

const numbered = (nth: number): typeof letter => ({ ...letter, messageId: `<${nth}@example.jp>` })

/** What a client does beyond one message: many, again, within limits, signed, and at its end. */
export function exerciseClient(
  make: (options?: MailFixtureOptions) => Promise<MailFixture>,
): readonly SuiteCase[] {
  const made = casesOf(make)
  return [
    made('sends many, and gives what became of each', async (fixture) => {
      refuseRecipient(fixture, 'gone@example.jp', 550)
      const to = ['hanako@example.jp', 'gone@example.jp', 'no address', 'taro@example.jp']
      const results: SendResult[] = []
      const { subject, text } = letter
      const sending = fixture.mail.sendMany(to.map((each) => ({ to: each, subject, text })))
      for await (const result of sending) results[result.index] = result
      const [first, second, third, fourth] = results
      assert.equal(first?.status, 'fulfilled')
      assert.deepEqual(first.value.accepted, ['hanako@example.jp'])
      assert.equal(second?.status, 'rejected')
      assert.deepEqual((await failureOf(Promise.reject(second.reason))).rejected, [
        refused('gone@example.jp', 550),
      ])
      assert.equal(third?.status, 'rejected')
      assert.ok(third.reason instanceof TypeError)
      assert.equal(third.message.to, 'no address')
      assert.equal(fourth?.status, 'fulfilled')
      assert.deepEqual(sending.progress, { taken: 4, sent: 2, failed: 2 })
      const arrived = fixture.received().flatMap(({ envelope }) => envelope.to)
      assert.deepEqual(arrived.toSorted(), ['hanako@example.jp', 'taro@example.jp'])
    }),
    made(
      'takes no more of many than there is room for, and none when the loop has ended',
      async (fixture) => {
        const state = { taken: 0, hasEnded: false }
        function* endless(): Generator<typeof letter> {
          try {
            for (;;) yield numbered((state.taken += 1))
          } finally {
            state.hasEnded = true
          }
        }
        const sending = fixture.mail.sendMany(endless(), { concurrency: 2 })
        let seen = 0
        for await (const { status } of sending) {
          assert.equal(status, 'fulfilled')
          // Two are under way, and one that is finished waits for the loop.
          assert.ok(
            state.taken <= (seen += 1) + 3,
            `Expected ${seen + 3} at most, got ${state.taken}`,
          )
          if (seen === 3) break
        }
        assert.ok(state.hasEnded)
        const { taken, sent, failed } = sending.progress
        assert.deepEqual([sent, failed], [taken, 0])
        assert.equal(fixture.received().length, sent)
      },
    ),
    made(
      'tries again what was refused for now, with the same bytes',
      async (fixture) => {
        const ids: string[] = []
        fixture.setAnswers({
          onMessage: ({ messageId }) => (ids.push(messageId) < 3 ? { reject: 451 } : 'accept'),
        })
        const { messageId } = await fixture.mail.send(letter)
        assert.deepEqual(ids, [messageId, messageId, messageId])
        assert.equal(fixture.received().length, 1)
      },
      { retry: AT_ONCE },
    ),
    made(
      'tries no more often than it may, and throws the last refusal',
      async (fixture) => {
        let tries = 0
        fixture.setAnswers({
          onMessage: () => {
            tries += 1
            return { reject: 450 + tries }
          },
        })
        const error = await failureOf(fixture.mail.send(letter))
        assert.deepEqual([error.code, error.status, tries], ['temporarily_rejected', 453, 3])
        assertOutcome(error, 'none', true)
      },
      { retry: AT_ONCE },
    ),
    made(
      'never tries again what was refused for good, or may have gone out',
      async (fixture) => {
        for (const answer of [{ reject: 554 }, { drop: 'kept' }] as const) {
          let tries = 0
          fixture.setAnswers({
            onMessage: () => {
              tries += 1
              return answer
            },
          })
          const error = await failureOf(fixture.mail.send(letter))
          assert.equal(error.outcome, 'reject' in answer ? 'none' : 'unknown')
          assert.equal(tries, 1)
        }
        assert.equal(fixture.received().length, 1)
      },
      { retry: AT_ONCE },
    ),
    made(
      'lets no more leave than the limits allow',
      async (fixture) => {
        using clock = TestClock.install()
        await fixture.mail.send(letter)
        await fixture.mail.send(letter)
        const late = fixture.mail
          .send(letter, { timeoutMs: 5_000 })
          .catch((error: unknown) => error)
        await clock.advance(5_000)
        const error = await late
        assert.ok(TimeoutError.isInstance(error))
        assert.equal(error.outcome, 'none')
        assert.equal(fixture.received().length, 2)
      },
      { limits: { perDay: 2 } },
    ),
    made(
      'signs each message with each key',
      async (fixture) => {
        await fixture.mail.send(letter)
        await fixture.mail.send({ ...letter, attachments: [{ filename: 'a.txt', content: 'a' }] })
        assert.equal(fixture.received().length, 2)
        for (const { raw } of fixture.received()) {
          const head = Buffer.from(raw).toString('latin1').split('\r\n\r\n', 1)[0] ?? ''
          const fields = head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n')
          const signed = fields.filter((field) => /^dkim-signature:/i.test(field))
          const domains = new Set(signed.map((field) => /\bd=([^;\s]+)/.exec(field)?.[1]))
          assert.deepEqual(domains, new Set(['example.com', 'example.jp']))
          assert.equal(signed.length, 2)
          for (const field of signed) {
            for (const value of ['bh', 'b']) assert.ok(new Set(tagsOf(field)).has(value), field)
          }
        }
      },
      { dkim: keysOf('example.jp', 'example.com') },
    ),
    made('lets what is under way come to its end when it is closed', async (fixture) => {
      const sending = [1, 2, 3].map((nth) => fixture.mail.send(numbered(nth)))
      assert.deepEqual(await fixture.mail.close(), { unsent: [] })
      await Promise.all(sending)
      assert.equal(fixture.received().length, 3)
    }),
    made(
      'names each message that its end cuts off, with its outcome',
      async (fixture) => {
        const { mail } = fixture
        const arrived = Promise.withResolvers<void>()
        fixture.setAnswers({
          onMessage: () => {
            arrived.resolve()
            return { silent: 'kept' }
          },
        })
        const sending = [1, 2, 3].map((nth) => failureOf(mail.send(numbered(nth))))
        await Promise.race([arrived.promise, ...sending])
        const { unsent } = await mail.close({ drainMs: 0 })
        for (const error of await Promise.all(sending)) assert.equal(error.code, 'closed')
        const outcomes = new Map(unsent.map(({ messageId, outcome }) => [messageId, outcome]))
        assert.deepEqual(Object.fromEntries(outcomes), {
          '<1@example.jp>': 'unknown',
          '<2@example.jp>': 'none',
          '<3@example.jp>': 'none',
        })
        assert.equal(unsent.length, 3)
        await setImmediate()
        assert.equal(fixture.received().length, 1)
      },
      { limits: { connections: 1 } },
    ),
  ]
}

/** The names of what a signature says. */
function tagsOf(field: string): string[] {
  const value = field.slice(field.indexOf(':') + 1)
  return value.split(';').map((tag) => tag.trim().split('=', 1)[0] ?? '')
}

function keysOf(...domains: readonly string[]): NonNullable<MailFixtureOptions['dkim']> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
  return domains.map((domain) => ({ domain, selector: 'mail', privateKey: pem }))
}
