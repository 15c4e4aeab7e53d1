import { defineTemplate, html } from '@yuzuru/mail'

interface SignInData {
  readonly name: string
  readonly url: string
}

/** The mail that verifies an address that was just registered. */
export const verifyAddressMail = defineTemplate({
  ja: {
    subject: () => '【ケイカくん】メールアドレスの確認をお願いします',
    text: ({ name, url }: SignInData) =>
      `${name} 様\n\nけいかくんにご登録いただきありがとうございます。\n` +
      `次のリンクを開いて、メールアドレスを確認してください（24時間有効です）。\n\n${url}\n\n` +
      'お心当たりがない場合は、このメールを破棄してください。\n\nけいかくん',
    html: ({ name, url }: SignInData) =>
      html`<p>${name} 様</p>
        <p>けいかくんにご登録いただきありがとうございます。</p>
        <p><a href="${url}">メールアドレスを確認する</a>（24時間有効です）</p>
        <p>お心当たりがない場合は、このメールを破棄してください。</p>`,
  },
  en: {
    subject: () => '[Keikaku-kun] Please confirm your mail address',
    text: ({ name, url }: SignInData) =>
      `Dear ${name},\n\nthank you for registering with Keikaku-kun.\n` +
      `Open this link within 24 hours to confirm your address:\n\n${url}\n\n` +
      'If this was not you, ignore this mail.\n\nKeikaku-kun',
    html: ({ name, url }: SignInData) =>
      html`<p>Dear ${name},</p>
        <p>thank you for registering with Keikaku-kun.</p>
        <p><a href="${url}">Confirm your address</a> (within 24 hours)</p>
        <p>If this was not you, ignore this mail.</p>`,
  },
})

/** The mail that lets a registered person in. */
export const signInMail = defineTemplate({
  ja: {
    subject: () => '【ケイカくん】ログイン用リンク',
    text: ({ name, url }: SignInData) =>
      `${name} 様\n\n次のリンクからログインしてください（1回限り、24時間有効です）。\n\n${url}\n\nけいかくん`,
  },
  en: {
    subject: () => '[Keikaku-kun] Your sign-in link',
    text: ({ name, url }: SignInData) =>
      `Dear ${name},\n\nsign in with this link (once, within 24 hours):\n\n${url}\n\nKeikaku-kun`,
  },
})
