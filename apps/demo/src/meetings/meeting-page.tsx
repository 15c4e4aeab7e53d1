import { gather } from '@yuzuru/concurrency'
import type { FC } from 'hono/jsx'
import type { App } from '../app.ts'
import { getPlan } from '../plans/plans.ts'
import { staffOf } from '../web/access.ts'
import { type AppContext, pageContext } from '../web/environment.ts'
import type { Input } from '../web/fields.ts'
import type { Problem } from '../web/invalid.ts'
import { formatDay, formatMoment, type Language } from '../web/language.ts'
import { Field, Problems, problemState } from '../web/form.tsx'
import { Layout } from '../web/layout.tsx'
import { type Day, isDay, nextWorkdays, officeHours, type Slot, slots } from './free-times.ts'
import { listMeetings, type ListedMeeting } from './list-meetings.ts'
import { REPEATS } from './meeting-times.ts'
import { asksForConsent } from './asks-for-consent.ts'
import { busyTimes } from './office-calendar.ts'

/** The meetings about a plan, and a form that shows which times are free when one is chosen. */
export async function meetingPage(
  app: App,
  c: AppContext,
  input: Input,
  problems: readonly Problem[],
): Promise<Response> {
  const language = c.get('language')
  const { office_id: officeId } = staffOf(c)
  const plan = await getPlan(app, officeId, c.req.param('id') ?? '')
  const { startsAt, repeats } = input
  const typed = typeof startsAt === 'string' ? startsAt : ''
  const day = chosenDay(c.req.query('day') ?? typed.slice(0, 10))
  const { meetings, hours } = await gather({
    meetings: () => listMeetings(app, officeId, plan.id),
    hours: () => hoursOf(app, officeId, day),
  })
  return await c.html(
    <Layout context={pageContext(c)} title={{ ja: '次回の会議', en: 'The next meeting' }}>
      <Problems {...{ problems, language }} fields={['startsAt', 'repeats']} />
      <section>
        <h2>
          <a href={`/plans/${plan.id}`}>{plan.title}</a>
        </h2>
        {meetings.length === 0 ? (
          <p>{{ ja: '会議はまだありません。', en: 'There is no meeting yet.' }[language]}</p>
        ) : (
          <ul>
            {meetings.map(({ starts_at }) => (
              <li>{formatMoment(starts_at, language)}</li>
            ))}
          </ul>
        )}
      </section>
      <section>
        <h2>{{ ja: '日を選ぶ', en: 'Choose a day' }[language]}</h2>
        <form method="get" action={`/plans/${plan.id}/meeting`}>
          <Field
            name="day"
            type="date"
            label={{ ja: '日（日本時間）', en: 'Day, in Japan' }}
            value={day}
            language={language}
          />
          <button class="second">{{ ja: '空きを見る', en: 'Show free times' }[language]}</button>
        </form>
      </section>
      <section>
        <h2>{{ ja: '時間を選ぶ', en: 'Choose a time' }[language]}</h2>
        <form method="post" action={`/plans/${plan.id}/meeting`}>
          <Hours {...{ day, hours, meetings, typed, language, problems }} />
          <Field
            name="repeats"
            label={{ ja: '繰り返し', en: 'How often' }}
            {...{ language, problems }}
          >
            <select id="field-repeats" name="repeats" {...problemState('repeats', problems)}>
              {Object.entries(REPEATS).map(([value, { text }]) => (
                <option value={value} selected={value === repeats}>
                  {text[language]}
                </option>
              ))}
            </select>
          </Field>
          <button>
            {{ ja: 'カレンダーに登録する', en: 'Put it into the calendar' }[language]}
          </button>
        </form>
      </section>
    </Layout>,
  )
}

function chosenDay(asked: string): Day {
  return isDay(asked) ? asked : nextWorkdays(new Date(), 1)[0]!
}

/** The hours of a day; `undefined` where it is not known which of them are free. */
async function hoursOf(app: App, officeId: string, day: Day): Promise<readonly Slot[] | undefined> {
  const { start: from, end: to } = officeHours(day)
  try {
    const busy = await busyTimes(app, officeId, { from, to })
    return busy && slots(day, busy)
  } catch (error) {
    if (asksForConsent(error)) return undefined
    throw error
  }
}

const Hours: FC<{
  day: Day
  hours: readonly Slot[] | undefined
  meetings: readonly ListedMeeting[]
  typed: string
  language: Language
  problems: readonly Problem[]
}> = ({ day, hours, meetings, typed, language, problems }) => {
  const label = { ja: '日時（日本時間）', en: 'When (in Japan)' }
  if (hours === undefined) {
    return (
      <>
        <p>
          <a href="/calendar">
            {
              {
                ja: 'Googleカレンダーを接続すると、空いている時間から選べます',
                en: 'Connect Google Calendar to choose among the free times',
              }[language]
            }
          </a>
        </p>
        <Field
          name="startsAt"
          type="datetime-local"
          value={typed}
          {...{ label, language, problems }}
        />
      </>
    )
  }
  const now = Date.now()
  const problem = problems.find(({ field }) => field === 'startsAt')
  return (
    <fieldset
      id="field-startsAt"
      role="radiogroup"
      tabindex={-1}
      {...problemState('startsAt', problems)}
    >
      <legend>{formatDay(officeHours(day).start, language)}</legend>
      <div class="slots">
        {hours.map(({ value, start, free }) => {
          // What stands there may be this plan's own meeting, which another one takes the place of.
          const isOwn = meetings.some(({ starts_at: at }) => at.getTime() === start.getTime())
          const open = (free || isOwn) && start.getTime() > now
          return (
            <label>
              <input
                type="radio"
                name="startsAt"
                value={value}
                required
                disabled={!open}
                checked={value === typed}
              />
              {value.slice(-5)}
              {open ? null : <span class="note">{{ ja: '予定あり', en: 'taken' }[language]}</span>}
            </label>
          )
        })}
      </div>
      {problem === undefined ? null : (
        <span class="problem" id="field-startsAt-problem">
          {problem.text[language]}
        </span>
      )}
    </fieldset>
  )
}
