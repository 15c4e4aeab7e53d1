import { gather } from '@yuzuru/concurrency'
import type { App } from '../app.ts'
import { listAssociations } from '../offices/associations.ts'
import { OfficeSwitch } from '../offices/office-switch.tsx'
import { offices } from '../offices/offices.ts'
import { listStaff } from '../offices/staff.ts'
import { staffOf } from '../web/access.ts'
import { type AppContext, pageContext } from '../web/environment.ts'
import type { Input } from '../web/fields.ts'
import type { Problem } from '../web/invalid.ts'
import { Problems } from '../web/form.tsx'
import { Layout } from '../web/layout.tsx'

/** The office that a person works in, with its staff, and their other offices. */
export async function homePage(
  app: App,
  c: AppContext,
  input: Input,
  problems: readonly Problem[],
): Promise<Response> {
  const language = c.get('language')
  const staff = staffOf(c)
  const { office, mine, people } = await gather({
    office: () => offices.get(app.db, staff.office_id),
    mine: () => listAssociations(app.db, staff.id),
    people: () => listStaff(app, staff.office_id),
  })
  return await c.html(
    <Layout context={pageContext(c)} title={{ ja: office.name, en: office.name }}>
      <Problems problems={problems} language={language} />
      <section>
        <h2>{{ ja: '職員', en: 'Staff' }[language]}</h2>
        <table>
          {people.slice(0, 50).map(({ name, email, role, verified_at }) => (
            <tr>
              <td>{name}</td>
              <td>{email}</td>
              <td>
                {role === 'manager'
                  ? { ja: '管理者', en: 'Manager' }[language]
                  : { ja: '職員', en: 'Employee' }[language]}
              </td>
              <td class={verified_at === null ? 'soft' : 'good'}>
                {verified_at === null
                  ? { ja: '未確認', en: 'not verified' }[language]
                  : { ja: '確認済み', en: 'verified' }[language]}
              </td>
            </tr>
          ))}
        </table>
        {people.length > 50 ? (
          <p class="soft">
            {{ ja: `ほか${people.length - 50}名`, en: `and ${people.length - 50} more` }[language]}
          </p>
        ) : null}
      </section>
      <OfficeSwitch {...{ mine, input, problems, language }} />
    </Layout>,
  )
}
