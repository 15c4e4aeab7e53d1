import { gather } from '@yuzuru/concurrency'
import { Hono } from 'hono'
import type { App } from '../app.ts'
import { listAssociations, openOffice, switchOffice } from '../offices/associations.ts'
import { listStaff } from '../offices/staff.ts'
import { allow, staffOf } from '../web/access.ts'
import { type Environment, pageContext } from '../web/environment.ts'
import { Layout } from '../web/layout.tsx'
import { homePage } from './home-page.tsx'
import { withNotice } from '../web/notices.ts'
import { orProblems } from '../web/or-problems.ts'
import { readForm } from '../web/read-form.ts'

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

  routes.get('/home', allow('office.read'), (c) => homePage(app, c, {}, []))

  routes.post('/home/offices', allow('office.open'), async (c) => {
    const input = await readForm(c)
    const act = async (): Promise<Response> => {
      await openOffice(app, staffOf(c), input)
      return c.redirect(withNotice('/home', 'office-opened'))
    }
    return await orProblems(c, act, (problems) => homePage(app, c, input, problems))
  })

  routes.post('/home/office', allow('office.read'), async (c) => {
    await switchOffice(app, staffOf(c), await readForm(c))
    return c.redirect(withNotice('/home', 'office-switched'))
  })

  routes.get('/api/v1/offices', allow('office.read'), async (c) => {
    const { id, office_id } = staffOf(c)
    const { mine, people } = await gather({
      mine: () => listAssociations(app.db, id),
      people: () => listStaff(app, office_id),
    })
    return c.json({
      office_associations: mine.map((each) => ({
        office_id: each.officeId,
        office_name: each.officeName,
        role: each.role,
        is_primary: each.isPrimary,
      })),
      staff: people.map(({ id: staffId, name, role }) => ({ id: staffId, name, role })),
    })
  })

  return routes
}
