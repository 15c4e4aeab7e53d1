import type { Clients } from './clients.ts'
// #if storage
import { storeDocument } from './documents.ts'
// #end
import { plans } from './schema.ts'

/** May be run again after a crash: to do each of its steps twice is to do it once. */
export async function announce(clients: Clients, planId: string): Promise<void> {
  const plan = await plans.get(clients.db, planId)
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
  await plans.update(clients.db, planId, { announced_at: new Date() })
}
