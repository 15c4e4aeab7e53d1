import { gather } from '@yuzuru/concurrency'
import { Hono } from 'hono'
import type { App } from '../app.ts'
import { getOffice, listStaff } from '../offices/offices.ts'
import { allow, staffOf } from '../web/access.ts'
import { type Environment, pageContext } from '../web/environment.ts'
import { Layout } from '../web/layout.tsx'

/** The front door, and the home of those who are signed in. */
export function homeRoutes(app: App): Hono<Environment> {
  const routes = new Hono<Environment>()

  routes.get('/', allow('anyone'), (c) => {
    const language = c.get('language')
    return c.html(
      <Layout
        context={pageContext(c)}
        title={{ ja: '支援計画を、期限どおりに。', en: 'Support plans, on time.' }}
      >
        <section>
          <p>
            {
              {
                ja: 'けいかくんは、福祉事業所の支援計画、申請と承認、会議、お支払いをひとつにまとめる小さなサービスです。yuzuru の各パッケージを組み合わせたデモとして動いています。',
                en: 'Keikaku-kun keeps a welfare office’s support plans, requests and approvals, meetings and payments in one place. It is the demo that composes the packages of yuzuru.',
              }[language]
            }
          </p>
          <p>
            <a class="button" href="/register">
              {{ ja: '事業所を登録する', en: 'Register an office' }[language]}
            </a>
          </p>
        </section>
        <section>
          <h2>{{ ja: 'この一日に起きたこと', en: 'What happened today' }[language]}</h2>
          <p>
            <a href="/day">
              {{ ja: 'シナリオの結果を見る', en: 'See how the scenario went' }[language]}
            </a>
          </p>
          <p>
            <a href="/await">
              {
                {
                  ja: 'await が「待つ」ではなく「譲る」だということ',
                  en: 'Why await means to yield, not to wait',
                }[language]
              }
            </a>
          </p>
        </section>
      </Layout>,
    )
  })

  routes.get('/home', allow('office.read'), async (c) => {
    const language = c.get('language')
    const staff = staffOf(c)
    const { office, people } = await gather({
      office: () => getOffice(app, staff.office_id),
      people: () => listStaff(app, staff.office_id),
    })
    return await c.html(
      <Layout context={pageContext(c)} title={{ ja: office.name, en: office.name }}>
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
              {
                { ja: `ほか${people.length - 50}名`, en: `and ${people.length - 50} more` }[
                  language
                ]
              }
            </p>
          ) : null}
        </section>
      </Layout>,
    )
  })

  return routes
}
