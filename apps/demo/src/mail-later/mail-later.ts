import { randomUUID } from 'node:crypto'
import { defineJob, enqueue, type Job } from '@yuzuru/jobs'
import type { Mail } from '@yuzuru/mail'
import type { Transaction } from 'kysely'
import type { Schema } from '../schema.ts'

/** A mail to send. `key` is made when it is enqueued, so that every attempt has the same Message-ID. */
export type Letter = Readonly<Record<'to' | 'subject' | 'text' | 'key', string>>

/** Sends a letter. The mail has the date of the job, so that a retry sends the same bytes. */
export function sendMailJob(mail: Mail): Job<Letter> {
  return defineJob<Letter>({
    name: 'send-mail',
    timeoutMs: 30_000,
    run: async ({ key, ...letter }, { enqueuedAt }) => {
      await mail.send({ ...letter, idempotencyKey: key, date: enqueuedAt })
    },
  })
}

/** Enqueues a mail that is sent if, and only if, `tx` commits. */
export async function mailLater(
  tx: Transaction<Schema>,
  sendMail: Job<Letter>,
  letter: Omit<Letter, 'key'>,
): Promise<void> {
  await enqueue(tx, sendMail, { ...letter, key: randomUUID() })
}
