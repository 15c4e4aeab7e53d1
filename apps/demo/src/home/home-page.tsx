import { gather } from '@yuzuru/concurrency'
import type { FC } from 'hono/jsx'
import type { App } from '../app.ts'
import { listAssociations } from '../offices/associations.ts'
import { OfficeSwitch } from '../offices/office-switch.tsx'
import { offices } from '../offices/offices.ts'
import { listStaff, type Staff } from '../offices/staff.ts'
import { staffOf } from '../web/access.ts'
import { type AppContext, pageContext } from '../web/environment.ts'
import type { Input } from '../web/fields.ts'
import { Problems } from '../web/form.tsx'
import type { Problem } from '../web/invalid.ts'
import { formatDay, formatMoment, type Language } from '../web/language.ts'
import { Layout } from '../web/layout.tsx'
import { AHEAD_DAYS, type Task, tasksOf } from './tasks.ts'

const MOST_SHOWN = 50

/** The office that a person works in: what is to do, its staff, and their other offices. */
export async function homePage(
  app: App,
  c: AppContext,
  input: Input,
  problems: readonly Problem[],
): Promise<Response> {
  const language = c.get('language')
  const staff = staffOf(c)
  const now = new Date()
  const { office, mine, people, tasks } = await gather({
    office: () => offices.get(app.db, staff.office_id),
    mine: () => listAssociations(app.db, staff.id),
    people: () => listStaff(app, staff.office_id),
    tasks: () => tasksOf(app, staff, now),
  })
  return await c.html(
    <Layout context={pageContext(c)} title={{ ja: office.name, en: office.name }}>
      <Problems {...{ problems, language }} fields={['officeName']} />
      <Tasks tasks={tasks} now={now} language={language} />
      <People people={people} language={language} />
      <OfficeSwitch {...{ mine, input, problems, language }} />
    </Layout>,
  )
}

const Tasks: FC<{ tasks: readonly Task[]; now: Date; language: Language }> = ({
  tasks,
  now,
  language,
}) => (
  <section>
    <h2>
      {{ ja: 'これからやること', en: 'To do' }[language]}{' '}
      <span class="soft small">
        {
          {
            ja: `${formatDay(now, language)}から${AHEAD_DAYS}日間`,
            en: `today, ${formatDay(now, language)}, and in the ${AHEAD_DAYS} days to come`,
          }[language]
        }
      </span>
    </h2>
    {tasks.length === 0 ? (
      <p>
        {
          {
            ja: `${AHEAD_DAYS}日先まで、やることはありません。`,
            en: `Nothing is left to do in the next ${AHEAD_DAYS} days.`,
          }[language]
        }
      </p>
    ) : (
      <ul class="list">
        {tasks.slice(0, MOST_SHOWN).map(({ text, href, at }) => (
          <li>
            <a href={href}>{text[language]}</a>
            {at === undefined ? null : (
              <span class="hint">
                {{ ja: '期日', en: 'Due' }[language]}: {formatMoment(at, language)}
              </span>
            )}
          </li>
        ))}
      </ul>
    )}
  </section>
)

const People: FC<{ people: readonly Staff[]; language: Language }> = ({ people, language }) => (
  <section>
    <h2>{{ ja: '職員', en: 'Staff' }[language]}</h2>
    <ul class="list">
      {people.slice(0, MOST_SHOWN).map(({ name, email, role, verified_at }) => (
        <li>
          {name}{' '}
          {role === 'manager' ? (
            <span class="tag">{{ ja: '管理者', en: 'Manager' }[language]}</span>
          ) : null}
          <span class="hint">
            {email}
            {verified_at === null
              ? { ja: '（未確認）', en: ' (not verified)' }[language]
              : { ja: '（確認済み）', en: ' (verified)' }[language]}
          </span>
        </li>
      ))}
    </ul>
    {people.length > MOST_SHOWN ? (
      <p class="soft">
        {
          {
            ja: `ほか${people.length - MOST_SHOWN}名`,
            en: `and ${people.length - MOST_SHOWN} more`,
          }[language]
        }
      </p>
    ) : null}
  </section>
)
