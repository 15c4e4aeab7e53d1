import { registeredStaff, type Step } from './day.ts'

const SUBJECT = '【ケイカくん】メールアドレスの確認をお願いします'

export const registrationStep: Step = {
  title: {
    ja: '事業所と職員の登録、メールの確認',
    en: 'An office registers; its address is verified',
  },
  async run(day, report) {
    const email = `hanako.${day.runId}@example.jp`
    const form = { officeName: 'ゆずるの里', staffName: '山田 花子', email }

    report.progress({ ja: '誤った入力を送る', en: 'Sending wrong input' })
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
    const again = await day.manager.submit('/register', form)
    report.check(
      { ja: '同じメールアドレスは 409', en: 'the same address again gets 409' },
      again.status === 409,
      again.status,
    )

    const message = await day.sandbox.smtp.inbox.waitFor({ to: email })
    report.check(
      { ja: '確認メールの件名', en: 'the subject of the mail' },
      message.subject === SUBJECT,
      message.subject,
    )
    const link = /http:\S+\/verify\?token=\S+/.exec(message.text ?? '')?.[0]
    report.require({ ja: '本文にリンクがある', en: 'its body has the link' }, link !== undefined)

    const home = await day.manager.get(new URL(link ?? ''))
    report.require(
      { ja: 'リンクでログインできる', en: 'the link lets her in' },
      home.url.pathname === '/home',
      home.url.pathname,
    )
    day.facts.staff = await day.app.db
      .selectFrom('staff')
      .selectAll()
      .where('email', '=', email)
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
