/** Clients that ask for one office after the other; right is an answer with its five plans. */
import { playClients } from '../clients.ts'
import { OFFICES, PLANS } from './schema.ts'

playClients(async (pool, path, nth) => {
  const office = (nth % OFFICES) + 1
  const { body } = await pool.request({ method: 'GET', path: `${path}/${office}` })
  const page = (await body.json()) as { office: { id: number }; plans: unknown[] }
  return page.office.id === office && page.plans.length === PLANS
})
