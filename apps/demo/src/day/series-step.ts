import { sleep, withTimeout } from '@yuzuru/concurrency'
import { formatMoment } from '../web/language.ts'
import { type Day, registeredStaff, type Step, uploadedPlan } from './day.ts'
import { PersonInGoogle } from './person-in-google.ts'

const STARTS_AT = '2099-05-04T10:00'
const MOVED_TO = new Date('2099-05-12T15:00:00+09:00')
const PATIENCE_MS = 20_000

export const seriesStep: Step = {
  title: {
    ja: '会議は毎週。人が Google で動かし、接続を切る',
    en: 'Weekly meetings; a person moves one in Google, and disconnects',
  },
  async run(day, report) {
    const { office_id: officeId, email } = registeredStaff(day)
    const person = new PersonInGoogle(day.sandbox, email)
    const path = `/plans/${uploadedPlan(day)}/meeting`

    await person.create(new Date('2099-05-04T13:00:00+09:00'))
    const page = await day.manager.get(`${path}?day=2099-05-04`)
    const taken = page.text.split('>').filter((tag) => tag.includes('disabled'))
    const hours = taken
      .flatMap((tag) => /value="[\d-]{10}T(\d\d:\d\d)"/.exec(tag)?.[1] ?? [])
      .join(' ')
    report.check(
      { ja: '日時を選ぶとき、空きが見える', en: 'free times are shown where one is chosen' },
      hours === '13:00',
      `${hours} ×`,
    )
    const refused = await day.manager.submit(path, { startsAt: '2099-05-04T13:00' })
    report.check(
      { ja: 'ふさがった時間は 409', en: 'a time that is taken gets 409' },
      refused.status === 409,
      refused.status,
    )
    await day.manager.submit(path, { startsAt: STARTS_AT, repeats: 'weekly' })
    const meetings = await meetingsOf(day)
    report.require(
      { ja: '支援計画の会議は4回', en: 'the plan has four meetings' },
      meetings.length === 4,
      meetings.length,
    )

    report.progress({
      ja: '人が Google で2回目を動かす',
      en: 'A person moves the second in Google',
    })
    await person.move(meetings[1]?.event_id ?? '', MOVED_TO)
    const seen = await seenOnPage(day, formatMoment(MOVED_TO, 'ja'))
    report.check(
      {
        ja: '通知が届き、画面の日時も動いた',
        en: 'Google sends word, and the page has the new time',
      },
      seen,
      formatMoment(MOVED_TO, 'ja'),
    )

    report.onPurpose({
      ja: '人が Google で許可を取り消す',
      en: 'The person withdraws the permission',
    })
    await day.sandbox.google.revokeAccess(email)
    const gone = await day.manager.get('/calendar')
    const { state, why } = await day.app.calendar.account(officeId)
    report.check(
      { ja: '画面が知らせ、接続し直すボタンを出す', en: 'the page says so, with a button' },
      gone.text.includes('data-state="reconnect_required"') &&
        gone.text.includes('/calendar/connect'),
      `${state}, ${why}`,
    )
    const back = await person.connect(day.manager)
    report.check(
      { ja: '接続し直せた', en: 'it is connected again' },
      back.text.includes('data-state="connected"'),
      back.status,
    )
  },
}

async function meetingsOf(day: Day): Promise<{ readonly event_id: string }[]> {
  return await day.app.db
    .selectFrom('meetings')
    .select('event_id')
    .where('plan_id', '=', uploadedPlan(day))
    .orderBy('starts_at')
    .execute()
}

async function seenOnPage({ manager }: Day, text: string): Promise<boolean> {
  const look = async (): Promise<boolean> => {
    while (!(await manager.get('/calendar')).text.includes(text)) await sleep(50)
    return true
  }
  return await withTimeout(PATIENCE_MS, look, { name: 'the moved meeting' })
}
