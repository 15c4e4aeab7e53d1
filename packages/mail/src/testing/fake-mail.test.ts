import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { FakeAnswers } from './fake-answers.ts'
import { createFakeMail } from './fake-mail.ts'

const to = 'hanako@example.jp'

describe('what the fake took', () => {
  test.each(['こんにちは、花子さん。'.repeat(30), 'Grüße =C3=BC', 'x'.repeat(2_000), ''])(
    'has its text as written, whatever it had to be encoded to: %.20s',
    async (words) => {
      await using mail = createFakeMail()
      const text = `${words}\n\n.\n`
      const html = `<p>${words}</p>`
      const attachments = [{ filename: 'notes.txt', content: 'no text of the mail' }]
      await mail.send({ to, subject: words, text, html, attachments })
      expect(mail.sent[0]).toMatchObject({ subject: words, text, html })
    },
  )

  test('has no HTML when there was none, and the text of the HTML when there was none', async () => {
    await using mail = createFakeMail()
    await mail.send({ to, subject: 'one', text: 'plain' })
    await mail.send({ to, subject: 'two', html: '<p>rich</p>' })
    expect(mail.sent.map(({ text, html }) => ({ text, html }))).toEqual([
      { text: 'plain', html: undefined },
      { text: 'rich', html: '<p>rich</p>' },
    ])
  })

  test('takes an attachment that is alone for no text', async () => {
    await using mail = createFakeMail()
    const attachments = [{ filename: 'notes.txt', content: 'not this' }]
    await mail.client.sendMail({ from: to, to, attachments })
    expect(mail.sent[0]).toMatchObject({ subject: '', text: '' })
  })

  test('knows what a plugin and the native client made of it', async () => {
    await using mail = createFakeMail()
    mail.client.use('compile', ({ data }, done) => {
      data.text ??= 'made by a plugin'
      done()
    })
    const content = Buffer.from('<p>花子</p>').toString('base64')
    const alternatives = [{ contentType: 'text/html', content, encoding: 'base64' }]
    await mail.client.sendMail({ from: to, to, subject: '題', alternatives })
    expect(mail.sent[0]).toMatchObject({
      subject: '題',
      text: 'made by a plugin',
      html: '<p>花子</p>',
    })
  })

  test('has its streams in raw only', async () => {
    await using mail = createFakeMail()
    await mail.client.sendMail({ from: to, to, subject: 's', text: Readable.from(['streamed']) })
    expect(mail.sent[0]?.text).toBe('')
    expect(mail.sent[0]?.raw.toString()).toContain('streamed')
  })

  test('is there for an answer to decide by', async () => {
    await using mail = createFakeMail({
      answers: { onMessage: ({ subject }) => (subject === '題' ? { reject: 550 } : 'accept') },
    })
    await expect(mail.send({ to, subject: '題', text: 'x' })).rejects.toMatchObject({
      code: 'message_rejected',
    })
  })
})

test('answers that there are not are refused', async () => {
  const misspelt = { onmessage: () => 'accept' } as FakeAnswers
  const words = 'Expected a known option of setAnswers, got "onmessage"; did you mean "onMessage"?'
  expect(() => createFakeMail({ answers: misspelt })).toThrow(words)
  await using mail = createFakeMail()
  expect(() => mail.setAnswers(misspelt)).toThrow(words)
  expect(() => mail.setAnswers({ onMessage: 'accept' } as never)).toThrow('got a string')
  mail.setAnswers({ onMessage: () => ({ dorp: 'kept' }) as never })
  const dorp = mail.send({ to, subject: 's', text: 't' })
  await expect(dorp).rejects.toThrow('got "dorp"; did you mean "drop"?')
  for (const answer of [{ drop: 'keep' }, { silent: true }, 'reject']) {
    mail.setAnswers({ onMessage: () => answer as never })
    const sending = mail.send({ to, subject: 's', text: 't' })
    await expect(sending).rejects.toThrow("Expected 'accept', { reject }")
  }
  mail.setAnswers({ onRecipient: () => 'reject' as never })
  const sending = mail.send({ to, subject: 's', text: 't' })
  await expect(sending).rejects.toThrow('Expected reject to be a reply code')
  expect(mail.sent).toEqual([])
})
