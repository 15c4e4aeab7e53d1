import { randomUUID } from 'node:crypto'
import { defineJob, enqueue, type Job } from '@yuzuru/jobs'
import type { Mail } from '@yuzuru/mail'
import type { Transaction } from 'kysely'
import type { Schema } from '../schema.ts'

/** A mail as it was decided on; `key` is made there, so that every attempt carries the same Message-ID. */
export type Letter = Readonly<Record<'to' | 'subject' | 'text' | 'key', string>>

/** Sends a letter. The mail's date is that of the job, so that a repeat is the same byte by byte. */
export function sendMailJob(mail: Mail): Job<Letter> {
  return defineJob<Letter>({
    name: 'send-mail',
    timeoutMs: 30_000,
    run: async ({ key, ...letter }, { enqueuedAt }) => {
      await mail.send({ ...letter, idempotencyKey: key, date: enqueuedAt })
    },
  })
}

/** Has a mail sent if, and only if, `tx` commits. */
export async function mailLater(
  tx: Transaction<Schema>,
  sendMail: Job<Letter>,
  letter: Omit<Letter, 'key'>,
): Promise<void> {
  await enqueue(tx, sendMail, { ...letter, key: randomUUID() })
}
