import { defineTemplate } from '@yuzuru/mail'

interface DecisionData {
  readonly name: string
  readonly approved: boolean
  /** Why it was declined; empty where nothing was said. */
  readonly reason: string
  readonly url: string
}

const because = (label: string, reason: string): string =>
  reason === '' ? '' : `${label}${reason}\n\n`

/** Says what became of a request. */
export const decisionMail = defineTemplate(
  {
    ja: {
      subject: ({ approved }: DecisionData) =>
        `【ケイカくん】申請が${approved ? '承認' : '却下'}されました`,
      text: ({ name, approved, reason, url }: DecisionData) =>
        `${name} 様\n\nあなたの申請が${approved ? '承認' : '却下'}されました。\n\n` +
        `${because('理由: ', reason)}${url}\n\nけいかくん`,
    },
  },
  {
    name: 'request-decided',
    sample: {
      name: '佐藤 花子',
      approved: false,
      reason: 'この日は職員が足りません',
      url: 'https://keikaku.example.jp/requests',
    },
  },
)
