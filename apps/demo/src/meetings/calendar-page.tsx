import type { CalendarAccount } from '@yuzuru/calendar'
import { gather } from '@yuzuru/concurrency'
import type { FC } from 'hono/jsx'
import type { App } from '../app.ts'
import type { Staff } from '../offices/staff.ts'
import { forOffice, staffOf } from '../web/access.ts'
import { type AppContext, pageContext } from '../web/environment.ts'
import { formatDay, formatMoment, formatTime, type Language, type Text } from '../web/language.ts'
import { Layout } from '../web/layout.tsx'
import { type Day, freeTimes, nextWorkdays, officeHours } from './free-times.ts'
import { listMeetings, type ListedMeeting } from './list-meetings.ts'
import { lookAtCalendar, type OfficeCalendar } from './office-calendar.ts'

/** How many days the free times are shown of. */
const DAYS = 5

/** Which account the office's calendar is, how it stands, the next meetings, and the free times. */
export async function calendarPage(app: App, c: AppContext): Promise<Response> {
  const language = c.get('language')
  const staff = staffOf(c)
  const { office_id: officeId } = staff
  const days = nextWorkdays(new Date(), DAYS)
  const range = { from: officeHours(days[0]!).start, to: officeHours(days.at(-1)!).end }
  const { calendar, meetings } = await gather({
    calendar: () => lookAtCalendar(app, officeId, range),
    meetings: () => listMeetings(app, officeId),
  })
  return await c.html(
    <Layout context={pageContext(c)} title={{ ja: 'カレンダー', en: 'Calendar' }}>
      <Account account={calendar.account} {...{ staff, language }} />
      <Meetings {...{ meetings, language }} />
      {calendar.account === undefined ? null : (
        <FreeTimes busy={calendar.busy} {...{ days, language }} />
      )}
    </Layout>,
  )
}

/** Why a connection is gone, in words. */
const REASONS: Readonly<Record<string, Text>> = {
  invalid_grant: {
    ja: 'Google の側で許可が取り消されたか、期限が切れました。',
    en: 'At Google the permission was withdrawn, or has expired.',
  },
  refresh_lost: {
    ja: '許可の更新中に通信が途絶えました。',
    en: 'The connection was lost while the permission was renewed.',
  },
}

const UNKNOWN_REASON: Text = {
  ja: 'Google が許可を受け付けなくなりました。',
  en: 'Google no longer takes the permission.',
}

const Account: FC<{
  account: CalendarAccount | undefined
  staff: Staff
  language: Language
}> = ({ account, staff, language }) => {
  if (account === undefined) {
    return (
      <section>
        <h2>{{ ja: 'カレンダーは未接続です', en: 'No calendar is connected' }[language]}</h2>
        <p>
          {
            {
              ja: '事業所の Google カレンダーを接続すると、支援計画の会議がそこに入り、Google での変更もここに届きます。',
              en: 'Connect the office’s Google Calendar: the meetings of your plans go there, and what is changed in Google comes back here.',
            }[language]
          }
        </p>
        <Connect
          staff={staff}
          text={{ ja: 'Googleカレンダーを接続する', en: 'Connect Google Calendar' }[language]}
        />
      </section>
    )
  }
  const { email = '', state, since, why = '' } = account
  const at = since === undefined ? '' : formatMoment(since, language)
  if (state === 'reconnect_required') {
    return (
      <section class="alert" role="alert" data-state={state}>
        <h2>
          {{ ja: 'カレンダーとの接続が切れています', en: 'The calendar is disconnected' }[language]}
        </h2>
        <p>
          {
            {
              ja: `${email}（${at} から）。`,
              en: `${email}, since ${at}. `,
            }[language]
          }
          {(REASONS[why] ?? UNKNOWN_REASON)[language]}
        </p>
        <p>
          {
            {
              ja: '接続し直すまで、会議の登録はできず、Google での変更も届きません。下の会議は最後に分かっていたものです。',
              en: 'Until it is connected again, no meeting can be put into it, and changes in Google are not seen. The meetings below are those that were known last.',
            }[language]
          }
        </p>
        <Connect staff={staff} text={{ ja: 'もう一度接続する', en: 'Connect again' }[language]} />
      </section>
    )
  }
  return (
    <section data-state={state}>
      <h2>{{ ja: '接続中のカレンダー', en: 'Connected calendar' }[language]}</h2>
      <p>
        <strong class="good">{email}</strong>{' '}
        <span class="soft">{{ ja: `${at} から`, en: `since ${at}` }[language]}</span>
      </p>
      <form method="post" action={forOffice('/calendar/disconnect', staff)}>
        <button class="quiet">{{ ja: '接続を解除する', en: 'Disconnect' }[language]}</button>
      </form>
    </section>
  )
}

const Connect: FC<{ text: string; staff: Staff }> = ({ text, staff }) => (
  <form method="post" action={forOffice('/calendar/connect', staff)}>
    <button>{text}</button>
  </form>
)

const Meetings: FC<{ meetings: readonly ListedMeeting[]; language: Language }> = ({
  meetings,
  language,
}) => (
  <section>
    <h2>{{ ja: 'これからの会議', en: 'Meetings to come' }[language]}</h2>
    {meetings.length === 0 ? (
      <p>
        {{ ja: 'まだありません。', en: 'None yet. ' }[language]}
        <a href="/plans">
          {
            {
              ja: '支援計画を開いて、会議の日時を選んでください',
              en: 'Open a support plan and choose a time for its meetings',
            }[language]
          }
        </a>
      </p>
    ) : (
      <table>
        <thead>
          <tr>
            <th scope="col">{{ ja: '日時', en: 'When' }[language]}</th>
            <th scope="col">{{ ja: '支援計画', en: 'Support plan' }[language]}</th>
          </tr>
        </thead>
        <tbody>
          {meetings.map(({ plan_id, title, starts_at, planned_at }) => (
            <tr>
              <td>
                {formatMoment(starts_at, language)}
                {starts_at.getTime() === planned_at.getTime() ? null : (
                  <span class="note">
                    {
                      {
                        ja: `Google で変更（もとは ${formatMoment(planned_at, language)}）`,
                        en: `moved in Google (was ${formatMoment(planned_at, language)})`,
                      }[language]
                    }
                  </span>
                )}
              </td>
              <td>
                <a href={`/plans/${plan_id}/meeting`}>{title}</a>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    )}
  </section>
)

const FreeTimes: FC<{
  busy: OfficeCalendar['busy']
  days: readonly Day[]
  language: Language
}> = ({ busy, days, language }) => (
  <section>
    <h2>{{ ja: '空いている時間', en: 'Free times' }[language]}</h2>
    {busy === undefined ? (
      <p>
        {
          {
            ja: 'いまは Google から予定を読めないため、表示できません。',
            en: 'Google does not show when the calendar is taken just now.',
          }[language]
        }
      </p>
    ) : (
      <table>
        <thead>
          <tr>
            <th scope="col">{{ ja: '日', en: 'Day' }[language]}</th>
            <th scope="col">{{ ja: '空き（9時から18時）', en: 'Free, from 9 to 18' }[language]}</th>
          </tr>
        </thead>
        <tbody>
          {days.map((day) => {
            const free = freeTimes(day, busy)
            return (
              <tr>
                <th scope="row">{formatDay(officeHours(day).start, language)}</th>
                <td>
                  {free.length === 0
                    ? { ja: 'なし', en: 'None' }[language]
                    : free
                        .map(({ start, end }) => `${formatTime(start)}–${formatTime(end)}`)
                        .join({ ja: '、', en: ', ' }[language])}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    )}
  </section>
)
