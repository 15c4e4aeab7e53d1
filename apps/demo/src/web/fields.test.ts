import { createFakeMail } from '@yuzuru/mail/testing'
import { describe, expect, test } from 'vitest'
import { Fields } from './fields.ts'
import { Invalid } from './invalid.ts'

function problemsOf(read: (fields: Fields) => void, input: Record<string, unknown>): string[] {
  const fields = new Fields(input)
  read(fields)
  try {
    fields.check()
    return []
  } catch (error) {
    if (error instanceof Invalid)
      return error.problems.map(({ field, text }) => `${field} ${text.en}`)
    throw error
  }
}

describe('Fields', () => {
  test('names everything that is wrong at once', () => {
    const read = (fields: Fields): void => {
      fields.text('name', { max: 3 })
      fields.email('email')
      fields.uuid('id')
      fields.oneOf('kind', ['leave'])
    }
    expect(problemsOf(read, { name: 'やまだたろう', email: 'nobody', id: '1', kind: 'x' })).toEqual(
      [
        'name must be at most 3 characters',
        'email must be a mail address',
        'id must be a UUID',
        'kind must be one of leave',
      ],
    )
  })

  test('takes neither control characters nor what is no string', () => {
    const read = (fields: Fields): void => {
      fields.text('name', { max: 100 })
    }
    expect(problemsOf(read, { name: 'a\u0000b' })).toEqual(['name contains a control character'])
    for (const bad of ['a\nb', 'a\tb', 'a\r\nb', 'a\u0085b', 'a\u2028b', 'a\u202eb']) {
      expect(problemsOf(read, { name: bad })).toEqual(['name contains a control character'])
    }
    expect(problemsOf(read, { name: 7 })).toEqual(['name is required'])
    expect(problemsOf(read, {})).toEqual(['name is required'])
  })

  test('takes several lines where they are wanted, and ends each as we do', () => {
    const fields = new Fields({ reason: 'a\r\nb\tc\nd', bad: 'a\u001b\nb' })
    expect(fields.text('reason', { max: 100, lines: 'many' })).toBe('a\nb\tc\nd')
    fields.text('bad', { max: 100, lines: 'many' })
    expect(() => fields.check()).toThrow('bad: contains a control character')
  })

  test.each([
    'victim@\uff45xample.jp',
    'victim@exa\u00admple.jp',
    'victim@example\u3002jp',
    'victim@xn--a.jp',
    '山田@example.jp',
    'a@[192.0.2.1]',
    'a@192.0.2.1',
    'a@b.0x7f',
    'a@-b.jp',
    'a@b..jp',
    'a@b.jp.',
    'a@jp',
    `${'a'.repeat(65)}@example.jp`,
  ])('an address that mail would refuse or spell otherwise is refused: %s', (email) => {
    expect(problemsOf((fields) => fields.email('email'), { email })).toEqual([
      'email must be a mail address',
    ])
  })

  test.each(['Hanako@Example.jp', 'taro.yamada@mail.example.jp', "o'neil+x@xn--wgv71a.jp"])(
    'an address is taken, in lower case, as mail takes it: %s',
    async (email) => {
      const fields = new Fields({ email })
      const address = fields.email('email')
      fields.check()
      expect(address).toBe(email.toLowerCase())
      await using mail = createFakeMail()
      await mail.send({ to: { address }, subject: 'x', text: 'x' })
      expect(mail.sent[0]?.envelope.to).toEqual([address])
    },
  )

  test('takes no name that is a link', () => {
    const read = (fields: Fields): void => {
      fields.name('name')
    }
    for (const name of ['https://evil.example', 'WWW.evil.example']) {
      expect(problemsOf(read, { name })).toEqual(['name must not hold a link'])
    }
    expect(problemsOf(read, { name: '佐藤 太郎' })).toEqual([])
  })

  test('counts characters, not UTF-16 units', () => {
    expect(problemsOf((fields) => fields.text('name', { max: 2 }), { name: '👍👍' })).toEqual([])
  })

  test('reads a local moment on the clock of Japan and refuses the past', () => {
    const fields = new Fields({ at: '2099-01-01T09:00', past: '2000-01-01T00:00', bad: 'tomorrow' })
    expect(fields.futureMoment('at').toISOString()).toBe('2099-01-01T00:00:00.000Z')
    fields.futureMoment('past')
    fields.futureMoment('bad')
    expect(() => fields.check()).toThrow(
      'past: must be in the future; bad: must be a date and time',
    )
  })
})
