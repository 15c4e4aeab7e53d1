// #if jobs
import { transaction } from '@yuzuru/db'
import { enqueue } from '@yuzuru/jobs'
// #else
// import { afterCommit, transaction } from '@yuzuru/db'
// #end
import { HttpProblem } from '@yuzuru/server'
import { z } from 'zod'
// #if !jobs
// import { announce } from './announce.ts'
// #end
import type { App } from './app.ts'
import { type Plan, plans } from './schema.ts'

const NewPlan = z.object({ title: z.string().trim().min(1).max(200), email: z.email() })

/** Stores a plan. Its announcement follows if, and only if, this commits. */
export async function createPlan(app: App, body: unknown): Promise<Plan> {
  const { data, error } = NewPlan.safeParse(body)
  if (error !== undefined) {
    const fields = error.issues.map(({ path, message }) => [path.join('.') || 'body', message])
    throw new HttpProblem(422, 'The plan is not valid', { fields: Object.fromEntries(fields) })
  }
  return await transaction(app.db, async (tx) => {
    const plan = await plans.create(tx, data)
    // #if jobs
    await enqueue(tx, app.announcePlan, { planId: plan.id })
    // #else
    // afterCommit(tx, () => announce(app, plan.id))
    // #end
    return plan
  })
}

export async function getPlan({ db }: App, id: string): Promise<Plan> {
  const plan = z.uuid().safeParse(id).success ? await plans.find(db, id) : undefined
  if (plan === undefined) throw new HttpProblem(404, 'There is no such plan')
  return plan
}
