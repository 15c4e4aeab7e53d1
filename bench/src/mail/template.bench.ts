import { defineTemplate, html, type MailMessage } from '@yuzuru/mail'
import type { Benchmark } from '../benchmark.ts'
import { byNodemailer, mailOf, sendsAll, startSink } from './load.ts'

const MAILS = 2_000

/** Twenty rows of the same words, as an invitation or a newsletter has them; what is of the reader is little. */
const ROWS = Array.from({ length: 20 }, (_, id) => ({
  id,
  title: `支援計画 ${id} を確認してください`,
  url: `https://example.jp/plans/${id}`,
}))

const reminder = defineTemplate<{ readonly nth: number }>()({
  ja: {
    subject: ({ nth }) => `【ケイカくん】支援計画書の確認をお願いします (${nth})`,
    text: ({ nth }) => `職員 ${nth} 様\n\n20 件の支援計画を確認してください。\n`,
    html: ({ nth }) =>
      html`<!doctype html>
        <p>職員 ${nth} 様</p>
        <table>
          ${ROWS.map(
            ({ id, title, url }) =>
              html`<tr>
                <td>${id}</td>
                <td>${title}</td>
                <td><a href="${url}">open</a></td>
              </tr>`,
          )}
        </table>`,
  },
})

function reminderFor(nth: number): MailMessage & Record<'to' | 'text' | 'html', string> {
  const { subject, text, html: body } = reminder.render('ja', { nth })
  return { to: `staff-${nth}@example.jp`, subject, text, html: String(body) }
}

export const benchmark: Benchmark = {
  kind: 'comparison',
  title:
    '2,000 mails of one template over 5 connections, rendered for each, against nodemailer’s own pool',
  operation: 'mail',
  clock: 'cpu',
  warmUpMs: 3_000,
  bars: [{ of: 'yuzuru, sendMany', against: 'nodemailer', atLeast: 2 }],
  async cases(resources) {
    const sink = await startSink(resources)
    const mail = mailOf(resources, sink)
    function* reminders(count: number): Generator<MailMessage> {
      for (let nth = 0; nth < count; nth += 1) yield reminderFor(nth)
    }
    return [
      sendsAll('yuzuru, sendMany', sink, MAILS, async (count) => {
        for await (const { status } of mail.sendMany(reminders(count))) {
          if (status === 'rejected') throw new Error('Expected every mail to be sent')
        }
      }),
      sendsAll('nodemailer', sink, MAILS, byNodemailer(resources, sink, reminderFor)),
    ]
  },
}
