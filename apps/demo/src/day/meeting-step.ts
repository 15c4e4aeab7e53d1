import { sql } from 'kysely'
import { encryption } from '@yuzuru/db'
import { type Day, registeredStaff, type Step, uploadedPlan } from './day.ts'
import { PersonInGoogle } from './person-in-google.ts'

const STARTS_AT = '2099-04-01T10:00'

export const meetingStep: Step = {
  title: {
    ja: '次回の会議を Google カレンダーへ（トークンは暗号化）',
    en: 'The next meeting goes to Google Calendar; tokens are encrypted',
  },
  async run(day, report) {
    const { office_id: officeId, email } = registeredStaff(day)
    const planId = uploadedPlan(day)
    const path = `/plans/${planId}/meeting`
    const early = await day.manager.submit(path, { startsAt: STARTS_AT })
    report.check(
      { ja: '接続前は 409 で、入力は残る', en: 'before it is connected: 409, the input kept' },
      early.status === 409 && early.text.includes(STARTS_AT),
      early.status,
    )
    const forged = await day.manager.get('/calendar/callback?state=0000000000000000000000&code=x')
    report.check(
      { ja: '覚えのない state は 400', en: 'an unknown state gets 400' },
      forged.status === 400,
      forged.status,
    )

    report.progress({ ja: 'Google の同意画面で許可する', en: "Allowing it on Google's page" })
    const connected = await new PersonInGoogle(day.sandbox, email).connect(day.manager)
    report.require(
      { ja: '接続できた', en: 'it is connected' },
      connected.url.pathname === '/calendar' && connected.status === 200,
      connected.status,
    )

    await day.manager.submit(path, { startsAt: STARTS_AT })
    await day.sandbox.google.expireAccessTokens()
    await day.manager.submit(path, { startsAt: STARTS_AT })
    const events = day.sandbox.google.events(email)
    report.check(
      {
        ja: '会議は1つ（二度登録しても、トークンが切れても）',
        en: 'one meeting, though it was sent twice and the token expired',
      },
      events.length === 1,
      `${events.length}, ${JSON.stringify(events[0]?.['summary'])}`,
    )
    await checkTokens(day, officeId, report)
  },
}

/** Looks at the row as a thief of the table would. */
async function checkTokens(
  { app, sandbox }: Day,
  officeId: string,
  report: Parameters<Step['run']>[1],
): Promise<void> {
  const { rows } = await sql<{ sealed: string }>`
    select sealed from yuzuru_calendar_accounts where reference = ${officeId}`.execute(app.db)
  const sealed = rows[0]?.sealed ?? ''
  const tokens = JSON.stringify(sandbox.google.grants()).match(/1\/\/[\w-]+|ya29\.[\w-]+/g) ?? []
  report.check(
    { ja: '保存された行にトークンは見えない', en: 'the stored row shows no token' },
    sealed !== '' && tokens.length > 0 && tokens.every((token) => !sealed.includes(token)),
    sealed.slice(0, 12),
  )
  const column = encryption(app.settings.encryption).encryptedText(
    'yuzuru_calendar_accounts',
    'sealed',
  )
  const opens = (reference: string): boolean => {
    try {
      return column.open(reference, sealed) !== ''
    } catch {
      return false
    }
  }
  report.check(
    { ja: '自分の行では開き、他の行では開かない', en: 'it opens in its own row and in no other' },
    opens(officeId) && !opens('another'),
  )
}
