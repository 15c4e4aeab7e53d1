import { gather } from '@yuzuru/concurrency'
import { Hono } from 'hono'
import type { App } from '../app.ts'
import { listAssociations, openOffice, switchOffice } from '../offices/associations.ts'
import { listStaff } from '../offices/staff.ts'
import { allow, staffOf } from '../web/access.ts'
import type { Environment } from '../web/environment.ts'
import { homePage } from './home-page.tsx'
import { startPage } from './start-page.tsx'
import { withNotice } from '../web/notices.ts'
import { orProblems } from '../web/or-problems.ts'
import { readForm } from '../web/read-form.ts'

/** The front door, and the home of those who are signed in. */
export function homeRoutes(app: App): Hono<Environment> {
  const routes = new Hono<Environment>()

  routes.get('/', allow('anyone'), (c) => startPage(c))

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
