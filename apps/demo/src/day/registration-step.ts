import { selectStaff } from '../offices/staff.ts'
import { registeredStaff, type Step } from './day.ts'
import { hiddenFields } from './hidden-fields.ts'

const SUBJECT = '【ケイカくん】メールアドレスの確認をお願いします'

export const registrationStep: Step = {
  title: {
    ja: '事業所と職員の登録、メールの確認',
    en: 'An office registers; its address is verified',
  },
  async run(day, report) {
    const email = `hanako.${day.runId}@example.jp`
    const form = { officeName: 'ゆずるの里', staffName: '山田 花子', email }

    report.onPurpose({ ja: '誤った入力を送る', en: 'Sending wrong input' })
    const wrong = await day.manager.submit('/register', { ...form, email: 'hanako' })
    report.check(
      { ja: '誤りは 422 で、入力は残る', en: 'wrong input gets 422, and what was typed is kept' },
      wrong.status === 422 && wrong.text.includes('ゆずるの里'),
      wrong.status,
    )

    report.progress({ ja: '事業所を登録する', en: 'Registering the office' })
    const sent = await day.manager.submit('/register', form)
    report.require(
      { ja: '登録を受け付けた', en: 'the registration is accepted' },
      sent.status === 200,
      sent.status,
    )
    const { inbox } = day.sandbox.smtp
    const message = await inbox.waitFor({ to: email })
    const again = await day.manager.submit('/register', form)
    report.check(
      {
        ja: '登録済みのアドレスでも、答えは同じ',
        en: 'a known address gets the same answer',
      },
      again.status === sent.status && again.text === sent.text,
      again.status,
    )

    report.check(
      { ja: '確認メールの件名', en: 'the subject of the mail' },
      message.subject === SUBJECT,
      message.subject,
    )
    const mails = await inbox.waitForCount(2, { to: email })
    const [old, link] = mails.map(({ text }) =>
      (text ?? '').split(/\s/).find((word) => /^http:.*\/verify\?token=./.test(word)),
    )
    report.require({ ja: '本文にリンクがある', en: 'its body has the link' }, link !== undefined)

    const scanned = await day.stranger.get(new URL(link ?? ''))
    report.check(
      {
        ja: 'メールの検査がリンクを開いても、使われない',
        en: 'a mail scanner that follows the link does not use it up',
      },
      scanned.status === 200,
      scanned.status,
    )
    const replaced = await day.manager.get(new URL(old ?? ''))
    report.check(
      { ja: '前のリンクはもう使えない（410）', en: 'the link before it is no longer valid (410)' },
      replaced.status === 410,
      replaced.status,
    )
    const page = await day.manager.get(new URL(link ?? ''))
    const home = await day.manager.submit('/verify', hiddenFields(page.text))
    report.require(
      { ja: 'ボタンでログインできる', en: 'the button lets her in' },
      home.url.pathname === '/home',
      home.url.pathname,
    )
    day.facts.staff = await selectStaff(day.app.db)
      .where('staff.email', '=', email)
      .executeTakeFirstOrThrow()
    report.check(
      { ja: 'メールアドレスが確認済みになった', en: 'the address is verified' },
      registeredStaff(day).verified_at !== null,
    )
    const used = await day.manager.get(new URL(link ?? ''))
    report.check(
      { ja: '使用済みのリンクは 410', en: 'the used link gets 410' },
      used.status === 410,
      used.status,
    )
  },
}
