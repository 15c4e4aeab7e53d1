import { defineTemplate, html } from '@yuzuru/mail'

interface LinkData {
  readonly url: string
}

interface SignInData extends LinkData {
  readonly name: string
}

const SAMPLE_URL = 'https://keikaku.example.jp/verify?token=abc'

/** The mail that verifies an address that was registered, by its owner or by a stranger. */
export const verifyAddressMail = defineTemplate(
  {
    ja: {
      subject: () => '【ケイカくん】メールアドレスの確認をお願いします',
      text: ({ url }: LinkData) =>
        `けいかくんにご登録いただきありがとうございます。\n` +
        `次のリンクを開いて、メールアドレスを確認してください（1時間有効です）。\n\n${url}\n\n` +
        'お心当たりがない場合は、このメールを破棄してください。\n\nけいかくん',
      html: ({ url }: LinkData) =>
        html`<p>けいかくんにご登録いただきありがとうございます。</p>
          <p><a href="${url}">メールアドレスを確認する</a>（1時間有効です）</p>
          <p>お心当たりがない場合は、このメールを破棄してください。</p>`,
    },
    en: {
      subject: () => '[Keikaku-kun] Please confirm your mail address',
      text: ({ url }: LinkData) =>
        `Thank you for registering with Keikaku-kun.\n` +
        `Open this link within an hour to confirm your address:\n\n${url}\n\n` +
        'If this was not you, ignore this mail.\n\nKeikaku-kun',
      html: ({ url }: LinkData) =>
        html`<p>Thank you for registering with Keikaku-kun.</p>
          <p><a href="${url}">Confirm your address</a> (within an hour)</p>
          <p>If this was not you, ignore this mail.</p>`,
    },
  },
  { name: 'verify-address', sample: { url: SAMPLE_URL } },
)

/** The mail that lets a registered person in. */
export const signInMail = defineTemplate(
  {
    ja: {
      subject: () => '【ケイカくん】ログイン用リンク',
      text: ({ name, url }: SignInData) =>
        `${name} 様\n\n次のリンクからログインしてください（1回限り、1時間有効です）。\n\n${url}\n\nけいかくん`,
    },
    en: {
      subject: () => '[Keikaku-kun] Your sign-in link',
      text: ({ name, url }: SignInData) =>
        `Dear ${name},\n\nsign in with this link (once, within an hour):\n\n${url}\n\nKeikaku-kun`,
    },
  },
  { name: 'sign-in', sample: { name: '佐藤 花子', url: SAMPLE_URL } },
)
