import type { Transporter } from 'nodemailer'
import { createMail, type SmtpMailOptions } from '../src/create-mail.ts'
import type { Mail } from '../src/mail.ts'
import { MailError } from '../src/mail-error.ts'

export const letter = { to: 'hanako@example.jp', subject: 'こんにちは', text: '花子 様' }

/** A client of a server on this machine. */
export function connect(
  { port }: { readonly port: number },
  options: Partial<SmtpMailOptions> = {},
): Mail<Transporter> {
  return createMail({ host: '127.0.0.1', port, from: 'no-reply@example.jp', ...options })
}

export function caught(error: unknown): unknown {
  return error
}

/** The error of a send that must fail with a `MailError`. */
export async function failure(mail: Mail<unknown>): Promise<MailError> {
  const error = await mail.send(letter).catch(caught)
  if (!MailError.isInstance(error)) throw error
  return error
}
