import type { Clients } from './app.ts'
// #if storage
import { storeDocument } from './documents.ts'
// #end

/** May be run again after a crash: to do each of its steps twice is to do it once. */
export async function announce(clients: Clients, planId: string): Promise<void> {
  const { db } = clients
  const plan = await db
    .selectFrom('plans')
    .selectAll()
    .where('id', '=', planId)
    .executeTakeFirstOrThrow()
  // #if storage
  await storeDocument(clients.storage, plan)
  // #end
  // #if mail
  await clients.mail.send({
    to: plan.email,
    subject: `New plan: ${plan.title}`,
    text: `"${plan.title}" is there. Its number is ${planId}.`,
    idempotencyKey: `plan-${planId}`,
  })
  // #end
  await db
    .updateTable('plans')
    .set({ announced_at: new Date() })
    .where('id', '=', plan.id)
    .execute()
}
