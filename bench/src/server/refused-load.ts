/** Clients that are refused: right is a 503 that says when to come again. */
import { playClients } from '../clients.ts'

playClients(async (pool, path) => {
  const { statusCode, headers, body } = await pool.request({ method: 'GET', path })
  await body.dump()
  return statusCode === 503 && headers['retry-after'] === '1'
})
