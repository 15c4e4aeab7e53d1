import type { Language } from './look.ts'

/** What the pages say: a text, or a text around what it is about. */
export interface Words {
  readonly mails: string
  readonly allMails: string
  readonly template: string
  readonly language: string
  readonly subject: string
  readonly warnings: string
  readonly none: string
  readonly textOnly: string
  /** The parts of a mail, as headings. */
  readonly text: string
  readonly message: string
  readonly sizes: (html: string | undefined, text: string, message: string) => string
  readonly frame: (width: 'phone' | 'desktop', scheme: 'light' | 'dark') => string
  readonly sendToMe: string
  readonly sent: string
  readonly notShown: string
  /** Whether it went out is said by the error alone. */
  readonly sendingFailed: string
  readonly noError: string
  readonly nothingHere: string
  readonly noSuchMail: string
  readonly nothingDone: string
  readonly foreignForm: string
  readonly emptySubject: string
  readonly noText: string
  readonly noHtml: string
  readonly noAlt: (tag: string) => string
  readonly pictureNotHttps: (url: string) => string
  readonly linkNotHttps: (url: string) => string
  readonly linkLeadsNowhere: (url: string) => string
  readonly script: string
  readonly styleSheet: string
  readonly dataPicture: string
  readonly cutOff: (size: string) => string
}

export const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    mails: 'Mails',
    allMails: 'All mails',
    template: 'Template',
    language: 'Language',
    subject: 'Subject',
    warnings: 'Warnings',
    none: 'none',
    textOnly: 'text only',
    text: 'Text',
    message: 'Message',
    sizes: (html = 'none', text, message) => `HTML ${html} · text ${text} · message ${message}`,
    frame: (width, scheme) =>
      `${width === 'phone' ? 'Phone, 375 px' : 'Desktop, 700 px'}, ${scheme}`,
    sendToMe: 'Send to me',
    sent: 'Sent.',
    notShown: 'This mail can’t be shown.',
    sendingFailed: 'There was an error while it was sent.',
    noError: 'It throws what is no error.',
    nothingHere: 'Nothing is here',
    noSuchMail: 'There is no such mail.',
    nothingDone: 'Nothing was done',
    foreignForm: 'The form did not come from this page. Go back and try again.',
    emptySubject: 'The subject is empty.',
    noText: 'There is no text part: some readers show nothing, and filters trust it less.',
    noHtml: 'There is no HTML part.',
    noAlt: (tag) => `A picture has no alt: ${tag}`,
    pictureNotHttps: (url) => `A picture is not https: ${url}`,
    linkNotHttps: (url) => `A link is not https: ${url}`,
    linkLeadsNowhere: (url) => `A link leads nowhere outside of a site: ${url}`,
    script: 'There is a script, which no mail program runs.',
    styleSheet: 'There is a linked style sheet, which most mail programs do not load.',
    dataPicture: 'A picture is in a data: URL, which Gmail does not show.',
    cutOff: (size) => `The HTML has ${size}; Gmail cuts it off at 102 kB.`,
  },
  ja: {
    mails: 'メール',
    allMails: 'メール一覧',
    template: 'テンプレート',
    language: '言語',
    subject: '件名',
    warnings: '警告',
    none: 'なし',
    textOnly: 'テキストのみ',
    text: 'テキスト',
    message: 'メッセージ',
    sizes: (html = 'なし', text, message) =>
      `HTML ${html} · テキスト ${text} · メッセージ ${message}`,
    frame: (width, scheme) =>
      `${width === 'phone' ? 'スマートフォン（375 px）' : 'デスクトップ（700 px）'}、${
        scheme === 'light' ? '明るい配色' : '暗い配色'
      }`,
    sendToMe: '自分に送る',
    sent: '送信しました。',
    notShown: 'このメールは表示できません。',
    sendingFailed: '送信中にエラーが起きました。',
    noError: 'エラーではない値が投げられました。',
    nothingHere: '見つかりません',
    noSuchMail: 'このメールはありません。',
    nothingDone: '実行しませんでした',
    foreignForm: 'このページのフォームではありません。戻ってもう一度お試しください。',
    emptySubject: '件名が空です。',
    noText:
      'テキストパートがありません。何も表示されないメールソフトがあり、迷惑メールと判定されやすくもなります。',
    noHtml: 'HTML パートがありません。',
    noAlt: (tag) => `画像に alt がありません：${tag}`,
    pictureNotHttps: (url) => `画像の URL が https ではありません：${url}`,
    linkNotHttps: (url) => `リンクが https ではありません：${url}`,
    linkLeadsNowhere: (url) => `メールからは開けないリンクがあります：${url}`,
    script: 'スクリプトがあります。実行するメールソフトはありません。',
    styleSheet: '外部のスタイルシートがあります。ほとんどのメールソフトは読み込みません。',
    dataPicture: 'data: URL の画像があります。Gmail では表示されません。',
    cutOff: (size) => `HTML が ${size} あります。102 kB を超えた分は Gmail では表示されません。`,
  },
}
