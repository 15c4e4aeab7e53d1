import type { PreviewTemplate } from '../src/previews.ts'
import { html } from '../src/templates/html.ts'
import { defineTemplate } from '../src/templates/template.ts'

interface Invitation {
  readonly name: string
  readonly url: string
}

const style = html`<style>
  body {
    font-family: system-ui, sans-serif;
    margin: 0;
    padding: 24px;
    color: #1c2733;
    background: #ffffff;
  }
  .button {
    display: inline-block;
    padding: 12px 20px;
    border-radius: 8px;
    background: #2463d1;
    color: #ffffff;
  }
  @media (prefers-color-scheme: dark) {
    body {
      background: #14181d;
      color: #e8edf3;
    }
  }
</style>`

export const invitation: PreviewTemplate = defineTemplate<Invitation>()(
  {
    ja: {
      subject: ({ name }) => `【ケイカくん】${name} 様、支援計画書の確認をお願いします`,
      html: ({ name, url }) =>
        html`${style}
          <h1>支援計画書の確認</h1>
          <p>${name} 様</p>
          <p>下のボタンから、今月の支援計画書をご確認ください。</p>
          <p><a class="button" href="${url}">確認する</a></p>`,
    },
    en: {
      subject: ({ name }) => `Please confirm the plan, ${name}`,
      html: ({ name, url }) =>
        html`${style}
          <h1>A plan to confirm</h1>
          <p>Dear ${name},</p>
          <p>Please have a look at this month’s support plan.</p>
          <p><a class="button" href="${url}">Open the plan</a></p>`,
    },
  },
  {
    name: 'invitation',
    sample: { name: '佐藤 花子', url: 'https://example.jp/plans/7?from=mail' },
  },
)

/** One with all that can be wrong. */
export const careless: PreviewTemplate = defineTemplate<object>()(
  {
    en: {
      subject: () => 'Hello',
      text: () => '',
      html: () =>
        html`<a href="http://example.jp">x</a><a href="/plans">y</a
          ><img src="https://x.jp/a.png" />`,
    },
  },
  { name: 'careless', sample: {} },
)
