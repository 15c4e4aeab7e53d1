import { gather } from '@yuzuru/concurrency'
import type { JobContext } from '@yuzuru/jobs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type App, migrateApp, openApp } from '../app.ts'
import { startOutsideWorld } from '../outside-world.ts'
import { listAssociations, openOffice, switchOffice } from './associations.ts'
import { registerOffice } from './offices.ts'
import { listStaff, selectStaff, type Staff } from './staff.ts'

const open = new AsyncDisposableStack()
let app: App
let staff: Staff
let stranger: Staff
let count = 0

beforeAll(async () => {
  const world = open.use(await startOutsideWorld(undefined))
  app = open.use(await openApp(await world.settingsFor('http://127.0.0.1:1'), 5))
  await migrateApp(app.db)
})
beforeEach(async () => {
  staff = await register('本人')
  stranger = await register('他人')
})
afterAll(() => open.disposeAsync())

async function register(staffName: string): Promise<Staff> {
  count += 1
  const email = `person${count}@example.jp`
  return await registerOffice(app, { officeName: `事業所${count}`, staffName, email }, 'ja')
}

/** The person as a session would see them: in their primary office. */
async function current({ id }: Staff): Promise<Staff> {
  return await selectStaff(app.db)
    .where('staff.id', '=', id)
    .where('is_primary', '=', true)
    .executeTakeFirstOrThrow()
}

describe('the offices of a person', () => {
  test('begin with the one they registered, as its manager', async () => {
    const [only, ...others] = await listAssociations(app.db, staff.id)
    expect(only).toMatchObject({ officeId: staff.office_id, role: 'manager', isPrimary: true })
    expect(others).toEqual([])
  })

  test('may be several; they work in the one they were in until they switch', async () => {
    const officeId = await openOffice(app, staff, { officeName: '二つ目' })
    expect((await current(staff)).office_id).toBe(staff.office_id)
    await switchOffice(app, staff, { officeId })
    expect(await current(staff)).toMatchObject({ office_id: officeId, role: 'manager' })
    const names = (await listAssociations(app.db, staff.id)).map(({ officeName }) => officeName)
    expect(names[0]).toBe('二つ目')
    expect(names).toHaveLength(2)
    expect((await listStaff(app, officeId)).map(({ id }) => id)).toEqual([staff.id])
  })

  test('are never another’s: a switch to one is refused, and nothing changes', async () => {
    const switched = switchOffice(app, staff, { officeId: stranger.office_id })
    await expect(switched).rejects.toMatchObject({ status: 404 })
    expect(await current(staff)).toMatchObject({ office_id: staff.office_id })
    expect(await listStaff(app, stranger.office_id)).toHaveLength(1)
  })

  test('are at most twenty', async () => {
    for (let office = 1; office < 20; office += 1) {
      await openOffice(app, staff, { officeName: `${office}` })
    }
    const more = openOffice(app, staff, { officeName: '多すぎる' })
    await expect(more).rejects.toMatchObject({ status: 422 })
    expect(await listAssociations(app.db, staff.id)).toHaveLength(20)
  })

  test('are at most twenty, however many are opened at once', async () => {
    const opened = await gather(
      Array.from({ length: 40 }, (_, at) => () => openOffice(app, staff, { officeName: `${at}` })),
      { settle: true },
    )
    expect(opened.filter(({ status }) => status === 'fulfilled')).toHaveLength(19)
    const { length } = await app.db
      .selectFrom('office_associations')
      .select('office_id')
      .where('staff_id', '=', staff.id)
      .execute()
    expect(length).toBe(20)
  })

  test('outlive one that expires: they stay in the others, and work in the oldest', async () => {
    const [second, third] = [
      await openOffice(app, staff, { officeName: '二つ目' }),
      await openOffice(app, staff, { officeName: '三つ目' }),
    ]
    const expire = (officeId: string) =>
      app.jobs.expireRegistration.run({ officeId }, {} as JobContext)
    await expire(staff.office_id)
    expect(await current(staff)).toMatchObject({ office_id: second, role: 'manager' })
    await expire(third)
    expect(await current(staff)).toMatchObject({ office_id: second })
    expect(await listAssociations(app.db, staff.id)).toHaveLength(1)
    await expire(second)
    const left = app.db.selectFrom('staff').where('id', 'in', [staff.id, stranger.id]).select('id')
    expect(await left.execute()).toEqual([{ id: stranger.id }])
  })

  test('have one primary one, however many switches race', async () => {
    const officeIds = [staff.office_id]
    for (let office = 1; office < 4; office += 1) {
      officeIds.push(await openOffice(app, staff, { officeName: `${office}` }))
    }
    const switches = Array.from({ length: 40 }, (_, at) => () => {
      const officeId = officeIds[at % officeIds.length] as string
      return switchOffice(app, staff, { officeId })
    })
    await gather(switches)
    const all = await listAssociations(app.db, staff.id)
    expect(all.filter(({ isPrimary }) => isPrimary)).toHaveLength(1)
  })
})
