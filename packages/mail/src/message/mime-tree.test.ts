import MailComposer from 'nodemailer/lib/mail-composer'
import { expect, test } from 'vitest'

test('the tree that nodemailer compiles has all that is read of it', () => {
  const attachments = [{ filename: 'a.txt', content: 'x' }]
  const compiled = new MailComposer({ to: 'a@example.jp', text: 'x', attachments }).compile()
  const file = compiled.childNodes[1]
  expect(compiled).toMatchObject({
    childNodes: [{ content: 'x' }, { filename: 'a.txt' }],
    keepBcc: false,
    date: expect.any(Date),
    _headers: expect.arrayContaining([{ key: 'Content-Type', value: 'multipart/mixed' }]),
    _raw: false,
    _transforms: [],
    _processFuncs: [],
  })
  for (const name of ['_getStream', '_parseAddresses', 'encodeHeaderValue', 'setRaw', 'build']) {
    expect(file).toHaveProperty(name, expect.any(Function))
  }
})
