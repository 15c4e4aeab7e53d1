import type { Text } from './language.ts'

/** What a page says when something was done, by its name in the address (`?done=`). */
const NOTICES = {
  'plan-created': { ja: '支援計画を作成しました', en: 'The support plan was created' },
  'plan-approved': {
    ja: '承認しました。職員にメールでお知らせします',
    en: 'Approved. The staff will be told by mail',
  },
  'document-stored': { ja: '文書を保存しました', en: 'The document was stored' },
  'request-filed': { ja: '申請しました', en: 'The request was sent' },
  'request-approved': { ja: '申請を承認しました', en: 'The request was approved' },
  'request-declined': { ja: '申請を却下しました', en: 'The request was declined' },
  'office-opened': { ja: '事業所を追加しました', en: 'The office was added' },
  'office-switched': { ja: '事業所を切り替えました', en: 'You are in the other office now' },
  'calendar-connected': { ja: 'カレンダーを接続しました', en: 'The calendar is connected' },
  'calendar-disconnected': {
    ja: 'カレンダーの接続を解除しました',
    en: 'The calendar was disconnected',
  },
  'meetings-scheduled': {
    ja: '会議をカレンダーに登録しました',
    en: 'The meetings are in the calendar',
  },
  'plan-changed': { ja: 'プランを変更しました', en: 'The plan was changed' },
  'subscription-canceling': {
    ja: '解約を受け付けました。期間の終了までは、これまでどおりお使いいただけます',
    en: 'Cancelled. Until the end of the period everything stays as it is',
  },
  'subscription-resumed': {
    ja: '解約を取り消しました',
    en: 'The cancellation was taken back',
  },
} as const satisfies Readonly<Record<string, Text>>

export type NoticeName = keyof typeof NOTICES

const BY_NAME: ReadonlyMap<string, Text> = new Map(Object.entries(NOTICES))

/** The notice of a name; `undefined` for any other text that an address may hold. */
export function noticeOf(name: string | undefined): Text | undefined {
  return BY_NAME.get(name ?? '')
}

/** Where to go on after something was done: a page that says so. */
export function withNotice(path: string, name: NoticeName): string {
  return `${path}?done=${name}`
}
