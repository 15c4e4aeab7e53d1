import { describe, expect, expectTypeOf, test } from 'vitest'
import { previews } from '../previews.ts'
import { defineAsyncTemplate } from './async-template.ts'
import { html } from './html.ts'

interface Invitation {
  readonly name: string
}

/** As react-email and mjml do: later, and as a string. */
const rendered = async ({ name }: Invitation): Promise<string> => {
  await Promise.resolve()
  return `<h1>Welcome</h1><p>Dear ${name}</p>`
}

const invitation = defineAsyncTemplate<Invitation>()(
  {
    en: { subject: async ({ name }) => `Welcome, ${name}`, html: rendered },
    ja: { subject: () => 'ようこそ', text: async ({ name }) => `${name} 様` },
  },
  { name: 'invitation', sample: { name: 'Hanako' } },
)

describe('defineAsyncTemplate', () => {
  test('waits for what renders, and derives the text of it', async () => {
    const en = await invitation.render('en', { name: 'Hanako' })
    expect(en.subject).toBe('Welcome, Hanako')
    expect(String(en.html)).toBe('<h1>Welcome</h1><p>Dear Hanako</p>')
    expect(en.text).toBe('Welcome\n\nDear Hanako')
    const ja = await invitation.render('ja', { name: '花子' })
    expect(ja).toEqual({ subject: 'ようこそ', text: '花子 様' })
  })

  test('is typed by its locales and its data', () => {
    type Render = typeof invitation.render
    expectTypeOf<Parameters<Render>>().toEqualTypeOf<['en' | 'ja', Invitation]>()
    const named = defineAsyncTemplate({
      en: { subject: (data: Invitation) => data.name, html: async (data) => html`${data.name}` },
    })
    expectTypeOf<Parameters<typeof named.render>>().toEqualTypeOf<['en', Invitation]>()
  })

  test('refuses what is no string, such as the object that mjml gives, and passes an error on', async () => {
    const wrong = defineAsyncTemplate({
      en: { subject: () => 'x', html: async () => ({ html: '' }) as never },
      ja: { subject: () => 'x', html: () => Promise.reject(new RangeError('no')) },
    })
    await expect(wrong.render('en', undefined)).rejects.toThrow(
      'Expected html of locale "en" to give a string, got an instance of Object',
    )
    await expect(wrong.render('ja', undefined)).rejects.toThrow(RangeError)
    await expect(wrong.render('fr' as 'en', undefined)).rejects.toThrow(TypeError)
  })

  test('is previewed as others are', async () => {
    const show = previews([invitation], { hosts: ['mails.test'] })
    const page = await show(new Request('http://mails.test/invitation/en'))
    expect(await page.text()).toContain('Welcome, Hanako')
    expect(await (await show(new Request('http://mails.test/'))).text()).toContain('ようこそ')
  })
})
